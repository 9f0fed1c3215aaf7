import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Fleet } from '../../../src/core/balance/fleet.ts';
import { decide, isDecision } from '../../../src/core/decide/decide.ts';
import { NO_PINS, type Picking } from '../../../src/core/decide/picking.ts';
import { Kept } from '../../../src/core/kept.ts';
import { compileRoutes, type RouteTable } from '../../../src/core/match/match.ts';
import { factsOf } from '../../support/facts.ts';
import { buildSnapshot, catalogOf, documentRule, instance } from '../build.ts';

const CATALOG = catalogOf(
  ...['orders', 'users'].flatMap(service =>
    ['v1', 'v2'].map(version => instance({ service, tags: [`path=/${service}`, `version=${version}`] })),
  ),
);

const BOTH_SERVICES = documentRule('/both', [
  { service: 'orders', weight: 3 },
  { service: 'users', weight: 1 },
]);

/** One process, whose weights change while it serves. */
const startProcess = () => {
  const picking: Picking = { ...NO_PINS, pinHeader: 'x-version', sequences: new Kept(100) };
  const fleet = new Fleet();
  let table: RouteTable | undefined;
  let seed = 0.3;
  let now = 0;
  return {
    fleet,
    at: (ms: number): void => {
      now = ms;
    },
    /** From now on v2 of every service has so many per cent. */
    dial: (percent: number, catalog = CATALOG): void => {
      const weights = new Map([
        ['v1', 100 - percent],
        ['v2', percent],
      ]);
      const all = new Map(['orders', 'users'].map(service => [service, { weights, revision: 1 }]));
      const documents = { rules: [BOTH_SERVICES], problems: [] };
      const snapshot = buildSnapshot({
        catalog,
        weights: all,
        documents,
        policy: 'passing-only',
        tagPrefix: '',
      });
      table = compileRoutes(snapshot.rules, table);
    },
    /** `SERVICE VERSION` -> how many of so many requests. */
    serve: (path: string, requests: number, headers = {}): Record<string, number> => {
      const counts: Record<string, number> = {};
      const facts = factsOf({ host: 'x.test', path, headers });
      const chance = (): number => {
        seed = (seed * 997 + 0.1234567) % 1;
        return seed;
      };
      assert.ok(table !== undefined);
      for (let i = 0; i < requests; i++) {
        const outcome = decide(table, facts, fleet, now, chance, picking);
        assert.ok(isDecision(outcome));
        const key = `${outcome.where.service} ${outcome.where.version}`;
        counts[key] = (counts[key] ?? 0) + 1;
      }
      return counts;
    },
  };
};

const isNear = (actual = 0, expected: number): void =>
  assert.ok(Math.abs(actual - expected) < 8, `${actual} instead of ${expected}`);

describe('the share of a version', () => {
  it('is kept although the weights change again and again', () => {
    const { dial, serve } = startProcess();
    let due = 0;
    let had = 0;
    for (let i = 0; i < 1_000; i++) {
      const percent = (i % 10) / 2;
      dial(percent);
      due += (30 * percent) / 100;
      had += serve('/orders', 30)['orders v2'] ?? 0;
    }
    // Ten dials alternate, each with draws of its own: a little more than one alone.
    assert.ok(Math.abs(had - due) < 20, `${had} instead of ${due}`);
  });

  it('is none from the first request on that meets a 0', () => {
    const { dial, serve } = startProcess();
    for (let i = 0; i < 300; i++) {
      dial(5);
      serve('/orders', 7);
      dial(0);
      assert.deepEqual(serve('/orders', 20), { 'orders v1': 20 });
    }
  });

  it('is taken back by a version that was gone, without a burst', () => {
    const { dial, serve } = startProcess();
    const without = new Map(CATALOG).set(
      'orders',
      (CATALOG.get('orders') ?? []).filter(({ tags }) => !tags.includes('version=v2')),
    );
    for (let i = 0; i < 50; i++) {
      dial(10, without);
      assert.deepEqual(serve('/orders', 500), { 'orders v1': 500 });
      dial(10);
      isNear(serve('/orders', 100)['orders v2'], 10);
    }
  });

  it('is exact in each of several services that share a rule', () => {
    const { dial, serve } = startProcess();
    dial(20);
    const counts = serve('/both', 20_000);
    isNear(counts['orders v1'], 12_000);
    isNear(counts['orders v2'], 3_000);
    isNear(counts['users v1'], 4_000);
    isNear(counts['users v2'], 1_000);
  });

  it('is exact among services for those that pin a version, and for the others between them', () => {
    const { dial, serve } = startProcess();
    dial(20);
    const pinned = { 'orders v2': 0, 'users v2': 0 };
    let canaries = 0;
    for (let i = 1; i <= 20_000; i++) {
      const { 'orders v2': orders = 0, 'users v2': users = 0 } = serve('/both', 1, { 'x-version': 'v2' });
      pinned['orders v2'] += orders;
      pinned['users v2'] += users;
      isNear(pinned['orders v2'], i * 0.75);
      isNear(pinned['users v2'], i * 0.25);
      canaries += serve('/both', 1)['orders v2'] ?? 0;
    }
    isNear(canaries, 3_000);
  });

  it('is exact in each of two rules of a service whose requests alternate', () => {
    const { dial, serve } = startProcess();
    dial(50);
    const counts = { '/orders': 0, '/both': 0 };
    for (let i = 0; i < 4_000; i++) {
      counts['/orders'] += serve('/orders', 1)['orders v2'] ?? 0;
      counts['/both'] += serve('/both', 1)['orders v2'] ?? 0;
    }
    isNear(counts['/orders'], 2_000);
    isNear(counts['/both'], 1_500);
  });
});

describe('a version whose instances are all ejected', () => {
  const TWICE = catalogOf(
    ...['v1', 'v2', 'v2'].map(version =>
      instance({ service: 'orders', tags: ['path=/orders', `version=${version}`] }),
    ),
  );
  const targets = (TWICE.get('orders') ?? [])
    .filter(({ tags }) => tags.includes('version=v2'))
    .map(instance => ({ instance, version: 'v2' }));
  const ejectAll = (fleet: Fleet, now: number): void => {
    const states = targets.map(target => fleet.of(target, now));
    for (const state of states) for (let i = 0; i < 5; i++) state.failed(now, now);
  };

  it('gives its share to the others, and gets it back from its first good trial on', () => {
    const { dial, serve, fleet, at } = startProcess();
    dial(20, TWICE);
    isNear(serve('/orders', 100)['orders v2'], 20);
    ejectAll(fleet, 0);
    assert.deepEqual(serve('/orders', 100), { 'orders v1': 100 });
    const trialAt = Math.max(...fleet.ejected().values());
    at(trialAt);
    // Nobody begins the attempts here, so that each request could be the trial.
    isNear(serve('/orders', 100)['orders v2'], 20);
    for (const target of targets) {
      const state = fleet.of(target, trialAt);
      assert.ok(state.health.begin(trialAt));
    }
    assert.deepEqual(serve('/orders', 100), { 'orders v1': 100 }, 'on trial it gets nothing else');
    for (const target of targets) fleet.of(target, trialAt).answered(trialAt, trialAt + 1);
    isNear(serve('/orders', 100)['orders v2'], 20);
  });

  it('keeps what the others may not have: their share is 0', () => {
    const { dial, serve, fleet } = startProcess();
    dial(100, TWICE);
    serve('/orders', 1);
    ejectAll(fleet, 0);
    assert.deepEqual(serve('/orders', 100), { 'orders v2': 100 });
  });
});
