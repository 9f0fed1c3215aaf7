import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Fleet } from '../../../src/core/balance/fleet.ts';
import { type Decision, decide, isDecision } from '../../../src/core/decide/decide.ts';
import { NO_PINS, type Picking } from '../../../src/core/decide/picking.ts';
import { compileRoutes } from '../../../src/core/match/match.ts';
import type { Instance } from '../../../src/core/model/instance.ts';
import type { SessionRule } from '../../../src/core/model/traffic.ts';
import { SessionSeal } from '../../../src/core/route/session-seal.ts';
import type { DocumentBackend } from '../../../src/core/rules/document-rule.ts';
import { factsOf } from '../../support/facts.ts';
import { buildSnapshot, catalogOf, documentRule, instance } from '../build.ts';

const COOKIE: SessionRule = { by: 'cookie', name: 'sid', scope: 'default/shop/0' };
const INSTANCES = ['a', 'b'].flatMap(service =>
  ['v1', 'v2'].flatMap(version =>
    [1, 2].map(n =>
      instance({ service, serviceId: `${service}-${version}-${n}`, tags: [`version=${version}`] }),
    ),
  ),
);
const BOTH: readonly DocumentBackend[] = [
  { service: 'a', weight: 1 },
  { service: 'b', weight: 1 },
];

interface World {
  readonly session?: SessionRule;
  readonly backends?: readonly DocumentBackend[];
  readonly instances?: readonly Instance[];
  /** Of the versions of both services. */
  readonly weights?: Readonly<Record<string, number>>;
  readonly key?: string;
}

/** The same numbers each time (Numerical Recipes' generator). */
const drawing = (): (() => number) => {
  let state = 7;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
};

/** A process with its own fleet, its own drawing, and its own table. */
const gateway = ({
  session = COOKIE,
  backends = BOTH,
  instances = INSTANCES,
  weights,
  key = 'k',
}: World = {}) => {
  const stored = weights && { weights: new Map(Object.entries(weights)), revision: 1 };
  const table = compileRoutes(
    buildSnapshot({
      catalog: catalogOf(...instances),
      weights: new Map(stored === undefined ? [] : ['a', 'b'].map(name => [name, stored])),
      documents: { rules: [{ ...documentRule('/', backends), session }], problems: [] },
      policy: 'passing-only',
      tagPrefix: '',
    }).rules,
  );
  const fleet = new Fleet();
  const chance = drawing();
  const ask = (
    token: string | undefined,
    { at = 0, pin, scheme = 'http' }: { at?: number; pin?: string; scheme?: 'http' | 'https' } = {},
  ): Decision => {
    const picking: Picking = {
      ...NO_PINS,
      pinHeader: 'x-version',
      sessions: { seal: new SessionSeal(key), clock: () => 1_700_000_000_000 + at },
    };
    const sent = session.by === 'cookie' ? { cookie: `theme=dark; sid=${token}` } : { 'x-session': token };
    const headers = {
      ...(token === undefined ? {} : (sent as Record<string, string>)),
      ...(pin === undefined ? {} : { 'x-version': pin }),
    };
    const outcome = decide(table, factsOf({ headers, scheme }), fleet, 0, chance, picking);
    assert.ok(isDecision(outcome));
    return outcome;
  };
  return { ask, fleet };
};

const lineOf = ({ session, target }: Decision): string => session?.lineFor(target) ?? '';
const tokenIn = (line: string): string => /[=:] ?([\w.-]{40,})/.exec(line)?.[1] ?? assert.fail(line);
const placeOf = ({ target, session }: Decision) => [session?.state, target.instance.serviceId];

/** A session, and the instance that it is with. */
const begin = (world: World = {}, options: Parameters<ReturnType<typeof gateway>['ask']>[1] = {}) => {
  const first = gateway(world).ask(undefined, options);
  return { first, token: tokenIn(lineOf(first)), at: first.target.instance.serviceId };
};

describe('a session', () => {
  it('begins where chance has it, and stays there, on any gateway', () => {
    const places = new Set<string>();
    const beginning = gateway();
    for (let i = 0; i < 80; i++) {
      const first = beginning.ask(undefined);
      assert.equal(first.session?.state, 'new');
      const again = gateway().ask(tokenIn(lineOf(first)));
      assert.deepEqual(placeOf(again), ['kept', first.target.instance.serviceId]);
      assert.equal(again.choice?.reason, 'session');
      assert.equal(lineOf(again), '', 'the caller knows');
      places.add(first.target.instance.serviceId);
    }
    assert.equal(places.size, INSTANCES.length);
  });

  it('stays when the weights of services and versions change, a 0 in the document included', () => {
    const { token, at } = begin({ backends: [{ service: 'a', weight: 1 }], weights: { v1: 1, v2: 0 } });
    assert.match(at, /^a-v1/);
    const turned: World[] = [
      {
        backends: [
          { service: 'a', weight: 1 },
          { service: 'b', weight: 99 },
        ],
      },
      {
        backends: [
          { service: 'a', weight: 0 },
          { service: 'b', weight: 1 },
        ],
      },
      { weights: { v1: 1, v2: 999 } },
    ];
    for (const world of turned) assert.deepEqual(placeOf(gateway(world).ask(token)), ['kept', at]);
  });

  it('ends where an operator gives its version 0: none is exactly none', () => {
    const { token, at } = begin({ weights: { v1: 1, v2: 0 } });
    const { session, target } = gateway({ weights: { v1: 0, v2: 1 } }).ask(token);
    assert.equal(session?.state, 'gone');
    assert.match(target.instance.serviceId, /-v2-/);
    assert.notEqual(target.instance.serviceId, at);
  });

  it('ends with its instance, and another begins', () => {
    const { token, at } = begin();
    const left = INSTANCES.filter(({ serviceId }) => serviceId !== at);
    const moved = gateway({ instances: left }).ask(token);
    assert.equal(moved.session?.state, 'gone');
    const next = gateway({ instances: left }).ask(tokenIn(lineOf(moved)));
    assert.deepEqual(placeOf(next), ['kept', moved.target.instance.serviceId]);
  });

  it('leaves an instance that was ejected', () => {
    const { token, at } = begin();
    const { ask, fleet } = gateway();
    const { target } = ask(token);
    // One of two is out; were most of them, all would serve.
    const state = fleet.of(target, 0);
    ask(undefined);
    for (const each of ask(token).candidates) fleet.of(each, 0);
    for (let i = 0; i < 20; i++) state.failed(0, 1);
    const moved = ask(token);
    assert.equal(moved.session?.state, 'gone');
    assert.notEqual(moved.target.instance.serviceId, at);
  });

  it('goes on with whoever answers: a retry takes it along', () => {
    const { ask } = gateway();
    const first = ask(undefined);
    const [other] = first.candidates.filter(({ instance: { id } }) => id !== first.target.instance.id);
    assert.ok(other);
    const told = first.session?.lineFor(other) ?? '';
    assert.deepEqual(placeOf(gateway().ask(tokenIn(told))), ['kept', other.instance.serviceId]);
    const kept = ask(tokenIn(lineOf(first)));
    assert.match(kept.session?.lineFor(other) ?? '', /^Set-Cookie: sid=/);
  });

  it('is kept under a pin of its version, and ends under that of another', () => {
    const { token, at } = begin({ weights: { v1: 1, v2: 0 } });
    const same = gateway().ask(token, { pin: 'v1' });
    assert.deepEqual([...placeOf(same), same.choice?.reason], ['kept', at, 'pin']);
    const other = gateway().ask(token, { pin: 'v2' });
    assert.equal(other.session?.state, 'pinned');
    assert.match(other.target.instance.serviceId, /-v2-/);
  });

  it('a pinned one holds at share 0 while the pin is there', () => {
    const world = { weights: { v1: 1, v2: 0 } };
    const { token, at } = begin(world, { pin: 'v2' });
    assert.deepEqual(placeOf(gateway(world).ask(token, { pin: 'v2' })), ['kept', at]);
    assert.equal(gateway(world).ask(token).session?.state, 'gone');
  });

  it('is another with another key, and of another rule', () => {
    const { token } = begin();
    assert.equal(gateway({ key: 'other' }).ask(token).session?.state, 'unreadable');
    const other = { ...COOKIE, scope: 'default/shop/1' };
    assert.equal(gateway({ session: other }).ask(token).session?.state, 'unreadable');
  });

  it('is there where one instance is all there is', () => {
    const [alone] = INSTANCES;
    assert.ok(alone);
    const world = { instances: [alone], backends: [{ service: 'a', weight: 1 }] };
    const { token } = begin(world);
    assert.equal(gateway(world).ask(token).session?.state, 'kept');
  });
});

describe('the time of a session', () => {
  const HOUR = 3_600_000;

  it('absoluteTimeout: it ends then, however busy', () => {
    const session: SessionRule = { ...COOKIE, absoluteTimeout: HOUR };
    const { token, first } = begin({ session });
    assert.doesNotMatch(lineOf(first), /Max-Age/, 'the browser may end it earlier');
    const { ask } = gateway({ session });
    assert.equal(ask(token, { at: HOUR - 1 }).session?.state, 'kept');
    assert.equal(ask(token, { at: HOUR }).session?.state, 'expired');
  });

  it('a permanent cookie lasts as long as its session', () => {
    const { first } = begin({ session: { ...COOKIE, isPermanent: true, absoluteTimeout: 300_000 } });
    assert.match(lineOf(first), /; Max-Age=300;/);
  });

  it('idleTimeout: it ends after so long without a request, and each request puts that off', () => {
    const session: SessionRule = { ...COOKIE, idleTimeout: 60_000 };
    const { ask } = gateway({ session });
    const { token } = begin({ session });
    assert.equal(lineOf(ask(token, { at: 6_000 })), '', 'a tenth of the time is not worth a word');
    const renewed = tokenIn(lineOf(ask(token, { at: 50_000 })));
    assert.equal(ask(token, { at: 60_000 }).session?.state, 'expired');
    assert.equal(ask(renewed, { at: 109_999 }).session?.state, 'kept');
    assert.equal(ask(renewed, { at: 110_000 }).session?.state, 'expired');
  });

  it('both: what puts off one end leaves the other', () => {
    const session: SessionRule = {
      ...COOKIE,
      isPermanent: true,
      idleTimeout: 60_000,
      absoluteTimeout: 90_000,
    };
    const { ask } = gateway({ session });
    const { token } = begin({ session });
    const line = lineOf(ask(token, { at: 50_000 }));
    assert.match(line, /; Max-Age=40;/);
    assert.equal(ask(tokenIn(line), { at: 90_000 }).session?.state, 'expired');
  });
});

describe('what a caller is told', () => {
  it('a cookie, of the path that the rule says, over TLS for TLS alone', () => {
    const { first } = begin({ session: { ...COOKIE, path: '/shop' } }, { scheme: 'https' });
    assert.match(lineOf(first), /^Set-Cookie: sid=[\w.-]+; Path=\/shop; HttpOnly; SameSite=Lax; Secure$/);
  });

  it('a header', () => {
    const session: SessionRule = { by: 'header', name: 'x-session', scope: 'default/shop/0' };
    const { first, token, at } = begin({ session });
    assert.match(lineOf(first), /^x-session: [\w.-]+$/);
    assert.deepEqual(placeOf(gateway({ session }).ask(token)), ['kept', at]);
  });
});
