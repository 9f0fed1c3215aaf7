import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  agreed,
  GONE_AFTER,
  hindered,
  type Look,
  progress,
  turned,
  weightsAt,
} from '../../src/canary/progress.ts';
import { actorOf, type Rollout, reasonOf } from '../../src/canary/rollout.ts';
import { nextInWords } from '../../src/canary/words.ts';
import { judged, look, plan, rollout, watching } from './build.ts';

const shares = (all: Record<string, number>): ReadonlyMap<string, number> => new Map(Object.entries(all));

/** What is told apart in the tables: phase, share that is turned to, outcome, why. */
const told = ({ phase, turn, outcome, why, plan: { to } }: Rollout): unknown[] =>
  [phase, turn?.weights[to], outcome ?? turn?.outcome, why ?? turn?.why].filter(each => each !== undefined);

const by = { actor: 'ann', at: 1 };
const sound = judged('sound');
const breach = judged('breach');
const backTo0 = (outcome: string, why: string): unknown[] => ['turning', 0, outcome, why];

describe('a rollout that was asked for', () => {
  const fresh = { weights: { v1: 100 }, revision: 1 };
  const table: Record<string, [Partial<Rollout>, Partial<Look>, unknown[]]> = {
    'begins with its first step': [
      {},
      { ...fresh, shares: shares({ v1: 1, v2: 0 }) },
      ['turning', 10, 'step 1 of 2: v2 at 10 %'],
    ],
    'begins with copies, where they are wanted': [
      { plan: plan({ mirror: '20%' }) },
      { ...fresh, shares: shares({ v1: 1, v2: 0 }) },
      ['turning', 0, 'step 1 of 3: copies of 20 % for v2'],
    ],
    'asks first, where there is a webhook': [
      { plan: plan({ before: 'http://127.0.0.1/' }) },
      { ...fresh, shares: shares({ v1: 1, v2: 0 }) },
      ['asking', 10, 'step 1 of 2: v2 at 10 %'],
    ],
    'is refused without the service': [
      {},
      { ...fresh, shares: undefined },
      ['over', 'refused', 'orders is not in the catalog: register an instance of it'],
    ],
    'is refused without a live instance of the version': [
      {},
      { ...fresh, shares: shares({ v1: 1 }) },
      ['over', 'refused', 'orders has no live version v2 (live: v1)'],
    ],
    'is refused while somebody has frozen the weights': [
      {},
      { ...fresh, frozen: 'bob (sale)' },
      ['over', 'refused', 'its weights are frozen by bob (sale); ask them, or unfreeze it'],
    ],
    'is refused where nobody else has traffic': [
      {},
      { ...fresh, shares: shares({ v1: 0, v2: 1 }) },
      ['over', 'refused', 'no other version of orders has traffic to take over; set its weights first'],
    ],
    'is over when it was aborted before anybody led': [
      { wish: { ...by, kind: 'abort' } },
      fresh,
      ['over', 'aborted', 'by ann before it began'],
    ],
  };
  for (const [title, [state, seen, expected]] of Object.entries(table)) {
    it(title, () => assert.deepEqual(told(progress(rollout(state), look(seen))), expected));
  }

  it('leaves the others in proportion, to a millionth', () => {
    const all = shares({ v1: 0.6, v0: 0.3, v2: 0.1, dead: 0 });
    const begun = progress(rollout(), look({ shares: all }));
    assert.deepEqual(begun.turn?.weights, { v1: 60, v0: 30, v2: 10 });
    assert.deepEqual(weightsAt({ ...begun, stable: { v1: 1 / 3, v0: 2 / 3 } }, 1), {
      v1: 33,
      v0: 66,
      v2: 1,
    });
  });
});

describe('what keeps the weights as they are', () => {
  it('a freeze is told once, and its end, too', () => {
    const frozen = progress(watching({ evidence: sound }), look({ frozen: 'bob (sale)' }));
    assert.equal(frozen.obstacle, 'its weights are frozen by bob (sale)');
    assert.match(nextInWords(frozen, 60_000), /^waits: its weights are frozen by bob \(sale\)$/);
    assert.equal(progress(frozen, look({ now: 61_000, frozen: 'bob (sale)' })), frozen);
    const goesOn = progress(frozen, look({ now: 62_000 }));
    assert.equal(goesOn.phase, 'turning');
    assert.deepEqual(
      goesOn.story.map(({ text }) => text),
      ['its weights are frozen by bob (sale)', 'its weights can be changed again'],
    );
  });

  it('weights that were set for a time go back no more: that is told as it begins', () => {
    const { story } = progress(rollout(), look({ revertsAt: 0 }));
    assert.deepEqual(
      story.map(({ text }) => text),
      ['the weights were set until 1970-01-01T00:00:00.000Z; they stay for the rollout now'],
    );
  });
});

describe('a step that is in force', () => {
  const table: Record<string, [Partial<Rollout>, Partial<Look>, unknown[]]> = {
    'is held until its time is over': [{ evidence: sound }, { now: 59_999 }, ['watching']],
    'is followed by the next when all is well': [
      { evidence: sound },
      {},
      ['turning', 100, 'step 2 of 2: v2 at 100 %'],
    ],
    'is held as long as too little is known': [{}, { now: 1e9 }, ['watching']],
    'is held in a pause': [{ evidence: sound, paused: by }, { now: 1e9 }, ['watching']],
    'is held in a freeze': [{ evidence: sound }, { frozen: 'bob' }, ['watching']],
    'asks before the next one': [
      { evidence: sound, plan: plan({ before: 'http://127.0.0.1/' }) },
      {},
      ['asking', 100, 'step 2 of 2: v2 at 100 %'],
    ],
    'goes back at once at a breach': [
      { evidence: breach },
      { now: 1 },
      backTo0('rolled back', 'it is a breach'),
    ],
    'goes back at a breach in a pause, too': [
      { evidence: breach, paused: by },
      {},
      backTo0('rolled back', 'it is a breach'),
    ],
    'goes back when somebody aborts': [
      { wish: { ...by, kind: 'abort', reason: 'no' } },
      {},
      backTo0('aborted', 'by ann: no'),
    ],
    'aborts rather than promotes at a breach': [
      { evidence: breach, wish: { ...by, kind: 'promote' } },
      {},
      backTo0('rolled back', 'it is a breach'),
    ],
    'gives it all when somebody promotes, be it early': [
      { wish: { ...by, kind: 'promote' } },
      { now: 1 },
      ['turning', 100, 'promoted', 'by ann'],
    ],
    'is promoted after the last one': [
      { evidence: sound, step: 1, held: { v1: 0, v2: 100 } },
      { weights: { v1: 0, v2: 100 } },
      ['over', 'promoted', 'v2 has 100 % and is as good as it should be'],
    ],
    'is given up when somebody else turns the dial': [
      { evidence: breach },
      { weights: { v1: 1 }, revision: 3 },
      [
        'over',
        'overtaken',
        'somebody else changed the weights (sluice weights history orders tells who); what they set stays',
      ],
    ],
    'goes on when the ledger moved and the weights did not': [
      { evidence: sound },
      { revision: 5 },
      ['turning', 100, 'step 2 of 2: v2 at 100 %'],
    ],
    'is held while the version has no live instance': [
      { evidence: sound },
      { shares: shares({ v1: 1 }) },
      ['watching'],
    ],
    'goes back when it has had none for long': [
      { evidence: sound, goneSince: 60_000 - GONE_AFTER },
      { shares: shares({ v1: 1 }) },
      backTo0('rolled back', 'no live instance of v2 for 30 s'),
    ],
  };
  for (const [title, [state, seen, expected]] of Object.entries(table)) {
    it(title, () => assert.deepEqual(told(progress(watching(state), look(seen))), expected));
  }

  it('knows again when the version is back', () => {
    const gone = progress(watching(), look({ shares: shares({ v1: 1 }) }));
    assert.equal(gone.goneSince, 60_000);
    assert.equal(progress(gone, look()).goneSince, undefined);
  });

  it('keeps the revision that a freeze left', () => {
    assert.equal(progress(watching(), look({ revision: 7 })).ledger, 7);
  });
});

describe('what was about to happen', () => {
  const turn = { step: 1, weights: { v1: 0, v2: 100 }, why: 'step 2 of 2: v2 at 100 %' };
  it('a step that nobody has agreed to waits', () => {
    const asking = watching({ phase: 'asking', turn, evidence: sound });
    assert.deepEqual(told(progress(asking, look())), ['asking', 100, turn.why]);
    assert.deepEqual(told(agreed(asking)), ['turning', 100, turn.why]);
  });
  it('a breach comes before it', () => {
    for (const phase of ['asking', 'turning'] as const) {
      const state = watching({ phase, turn, evidence: breach });
      assert.deepEqual(told(progress(state, look())), backTo0('rolled back', 'it is a breach'));
    }
  });
  it('nothing was turned before the first step, so a breach or an abort only ends it', () => {
    const first = rollout({ phase: 'asking', stable: { v1: 1 }, turn, wish: { ...by, kind: 'abort' } });
    const seen = look({ weights: null, revision: 0 });
    assert.deepEqual(told(progress(first, seen)), ['over', 'aborted', 'by ann']);
  });
  it('a way back is not turned into anything else', () => {
    const back = { outcome: 'rolled back', weights: { v1: 100, v2: 0 }, why: 'why' } as const;
    const state = watching({ phase: 'turning', turn: back, wish: { ...by, kind: 'promote' } });
    assert.equal(progress(state, look()), state);
  });
  it('of the weights being someone else’s while it turns, the write tells', () => {
    const state = watching({ phase: 'turning', turn });
    assert.equal(progress(state, look({ weights: turn.weights, revision: 3 })), state);
  });
});

describe('what comes next, in words', () => {
  it('of a pause: what stays, and how it goes on', () => {
    assert.equal(
      nextInWords(watching({ paused: by }), 0),
      'paused by ann: v2 stays at 10 % until sluice canary resume orders; a breach rolls back all the same',
    );
  });
  it('of a way back that is hindered: by what', () => {
    const turn = { outcome: 'rolled back', weights: { v1: 100, v2: 0 }, why: 'errors' } as const;
    const wish = { ...by, kind: 'abort' } as const;
    const hinderedBack = watching({ phase: 'turning', turn, obstacle: 'frozen by bob', wish });
    assert.equal(nextInWords(hinderedBack, 0), 'rolled back, once this is over: frozen by bob');
  });
});

describe('a turn that is done', () => {
  it('begins its step, whose figures begin anew', () => {
    const state = watching({ phase: 'turning', evidence: sound });
    const turn = { step: 1, weights: { v1: 0, v2: 100 }, why: 'step 2' };
    const next = turned({ ...state, turn }, turn, 3, 70_000);
    const { phase, step, stepAt, held, ledger, evidence, story } = next;
    assert.deepEqual([phase, step, stepAt, held, ledger], ['watching', 1, 70_000, turn.weights, 3]);
    assert.equal(evidence.verdict.outcome, 'inconclusive');
    assert.equal(evidence.analysis.step, 2);
    assert.deepEqual(story, [{ at: 70_000, text: 'step 2' }]);
    assert.equal('turn' in next, false);
  });
  it('or ends the rollout', () => {
    const turn = { outcome: 'aborted', weights: { v1: 100, v2: 0 }, why: 'by ann' } as const;
    const next = turned(watching({ phase: 'turning', turn, paused: by }), turn, 3, 70_000);
    assert.deepEqual(told(next), ['over', 'aborted', 'by ann']);
    assert.equal('paused' in next, false);
    assert.equal(reasonOf(turn), 'aborted, by ann');
    assert.equal(actorOf(next), 'canary abc');
  });
  it('what hinders it is told once', () => {
    const once = hindered(watching(), 5, 'frozen');
    assert.deepEqual(once.story, [{ at: 5, text: 'frozen' }]);
    assert.equal(hindered(once, 6, 'frozen'), once);
  });
});
