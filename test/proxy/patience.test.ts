import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_LIMITS, DEFAULT_TIMEOUTS, type Timeouts } from '../../src/core/settings/limits.ts';
import { Patience, type Standing } from '../../src/proxy/patience.ts';

const BEAT = 50;
const WEEK = 7 * 86_400;

const standing = (awaited: Standing['awaited'], more: Partial<Standing> = {}): Standing => ({
  awaited,
  received: 0,
  sent: 0,
  held: 0,
  isCall: false,
  response: undefined,
  total: undefined,
  ...more,
});

/**
 * Asks at each beat how it stands after so many seconds, and again only as often as it wants to be asked: it comes to the
 * same.
 *
 * @returns by whom time ran out, and after how many whole seconds; undefined where it never did
 */
const waited = (at: (seconds: number) => Standing, settings: Settings = {}): string | undefined => {
  const always = askedFor(at, settings, () => 0);
  const rested = askedFor(at, settings, patience => patience.rest);
  assert.equal(rested, always);
  return always;
};

type Settings = Partial<Timeouts> & { rate?: number; upTo?: number };

const askedFor = (
  at: (seconds: number) => Standing,
  { rate = 240, upTo = 1_000, ...timeouts }: Settings,
  restOf: (patience: Patience) => number,
): string | undefined => {
  const patience = new Patience(
    { ...DEFAULT_LIMITS, clientRate: rate },
    { ...DEFAULT_TIMEOUTS, ...timeouts },
  );
  let unasked = 0;
  for (let now = 0; now <= upTo * 1_000; now += BEAT) {
    unasked += BEAT;
    if (unasked < restOf(patience)) continue;
    const late = patience.judge(unasked, at(now / 1_000));
    unasked = 0;
    if (late !== undefined) return `${late} after ${Math.round(now / 1_000)} s`;
  }
  return undefined;
};

describe('a client that sends its body', () => {
  it('drip by drip is waited for as long as the rate asks', () => {
    assert.equal(
      waited(s => standing('body', { received: Math.floor(s) })),
      'client after 5 s',
    );
    assert.equal(
      waited(s => standing('body', { received: 10_000 + Math.floor(s) })),
      'client after 42 s',
    );
  });
  it('at the rate may go on', () =>
    assert.equal(
      waited(s => standing('body', { received: 245 * s })),
      undefined,
    ));
  it('and stops is waited for as long as a client may stand still, whatever it sent before', () =>
    assert.equal(
      waited(s => standing('body', { received: Math.min(s, 10) * 1_000_000 })),
      'client after 70 s',
    ));
  it('message by message, in a call of gRPC, is waited for as long as an event stream may rest', () => {
    const minute = (s: number) => Math.floor(s / 60);
    const call = (s: number) => standing('body', { received: Math.min(minute(s), 10) * 20, isCall: true });
    assert.equal(waited(call, { upTo: 600 }), undefined);
    assert.equal(waited(call, { upTo: 3_600 }), 'client after 1500 s');
  });
  it('is not charged for the time in which nobody takes it', () => {
    // The upstream takes a piece every ten seconds; the client sends each one at once.
    const slowUpstream = (s: number) =>
      standing(s % 10 < 0.5 ? 'body' : 'head', { received: Math.floor(s / 10) * 1_000 });
    assert.equal(waited(slowUpstream), undefined);
  });
  it('may take its time where the rate is off', () =>
    assert.equal(
      waited(s => standing('body', { received: Math.floor(s) }), { rate: 0 }),
      undefined,
    ));
});

describe('a client that takes its answer', () => {
  it('is given the time that the rate asks for what waits for it, and never more than a standstill', () => {
    assert.equal(
      waited(() => standing('reader', { held: 100 })),
      'client after 5 s',
    );
    assert.equal(
      waited(() => standing('reader', { held: 4_800 })),
      'client after 20 s',
    );
    assert.equal(
      waited(() => standing('reader', { held: 80_000 })),
      'client after 60 s',
    );
  });
  it('may go on while it takes piece after piece', () =>
    assert.equal(
      waited(s => standing('reader', { held: 16_384, sent: Math.floor(s / 30) * 16_384 })),
      undefined,
    ));
  it('is not charged for a stream that rests', () =>
    assert.equal(
      waited(s => standing('rest', { sent: Math.floor(s / 3_600) }), { upTo: WEEK / 100 }),
      undefined,
    ));
});

describe('an upstream', () => {
  it('has from the last byte that moved to the head of the response', () => {
    assert.equal(
      waited(() => standing('head')),
      'upstream after 60 s',
    );
    assert.equal(
      waited(s => standing(s < 100 ? 'body' : 'head', { received: Math.min(s, 100) * 1_000 })),
      'upstream after 160 s',
    );
  });
  it('has what the rule says, instead', () =>
    assert.equal(
      waited(() => standing('head', { response: 2_000 })),
      'upstream after 2 s',
    ));
  it('has for ever where the timeout is off', () =>
    assert.equal(
      waited(() => standing('head'), { response: 0 }),
      undefined,
    ));
});

describe('the whole', () => {
  it('ends a stream', () =>
    assert.equal(
      waited(s => standing('rest', { sent: s }), { total: 30_000 }),
      'all after 30 s',
    ));
  it('is charged to whom it waits for at the end', () =>
    assert.equal(
      waited(s => standing('body', { received: s * 1_000_000 }), { total: 30_000 }),
      'client after 30 s',
    ));
});

it('the longer nothing moves, the seldomer one needs to ask, but for what is set to the millisecond', () => {
  const patience = new Patience(DEFAULT_LIMITS, { ...DEFAULT_TIMEOUTS, response: 5_000 });
  const restAfter = (elapsed: number, how: Standing): number => {
    patience.judge(elapsed, how);
    return Math.round(patience.rest);
  };
  assert.equal(restAfter(BEAT, standing('rest')), 0);
  assert.equal(restAfter(1_600, standing('rest')), 100);
  assert.equal(restAfter(100_000, standing('rest')), 250);
  assert.equal(restAfter(100_000, standing('rest', { total: 201_720 })), 70);
  assert.equal(restAfter(BEAT, standing('rest', { sent: 1 })), 0, 'something moved');
  assert.equal(restAfter(BEAT, standing('head')), 0, 'somebody else is waited for');
  assert.equal(restAfter(4_900, standing('head')), 100, 'the rest of the time for the head');
});
