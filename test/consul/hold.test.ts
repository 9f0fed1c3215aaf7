import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applyHold, type HoldRules, nextExpiry } from '../../src/consul/hold.ts';
import type { Instance } from '../../src/core/model/instance.ts';
import { catalogOf, instance, shown } from './build.ts';

const TRUSTED: HoldRules = { trusts: () => true, settling: false, now: 1_000, holdMs: 60 };
const PARTIAL: HoldRules = { ...TRUSTED, trusts: () => false };
const SETTLING: HoldRules = { ...TRUSTED, settling: true };
const RESET: HoldRules = { ...PARTIAL, settling: true };

const passing = instance('a');
const warning = instance('a', { health: 'warning' });
const critical = instance('a', { health: 'critical' });
const maintenance = instance('a', { health: 'maintenance' });
const held = (until: number): Instance => ({ ...passing, heldUntil: until });

interface Case {
  readonly what: string;
  readonly before: readonly Instance[];
  readonly fresh: readonly Instance[];
  readonly rules: HoldRules;
  readonly after: readonly string[];
}

const CASES: readonly Case[] = [
  { what: 'trusted: vanished is gone at once', before: [passing], fresh: [], rules: TRUSTED, after: [] },
  {
    what: 'reset: passing is held',
    before: [passing],
    fresh: [],
    rules: RESET,
    after: ['a passing until 1060'],
  },
  {
    what: 'reset: warning is held',
    before: [warning],
    fresh: [],
    rules: RESET,
    after: ['a warning until 1060'],
  },
  { what: 'reset: critical is dropped', before: [critical], fresh: [], rules: RESET, after: [] },
  { what: 'reset: maintenance is dropped', before: [maintenance], fresh: [], rules: RESET, after: [] },
  {
    what: 'partial: passing is held',
    before: [passing],
    fresh: [],
    rules: PARTIAL,
    after: ['a passing until 1060'],
  },
  {
    what: 'held stays in later trusted answers',
    before: [held(1_010)],
    fresh: [],
    rules: TRUSTED,
    after: ['a passing until 1010'],
  },
  {
    what: 'a second reset does not extend a hold',
    before: [held(1_010)],
    fresh: [],
    rules: RESET,
    after: ['a passing until 1010'],
  },
  {
    what: 'an expired hold is gone, also in a reset',
    before: [held(1_000)],
    fresh: [],
    rules: RESET,
    after: [],
  },
  {
    what: 'held and seen passing is live again',
    before: [held(1_010)],
    fresh: [passing],
    rules: TRUSTED,
    after: ['a'],
  },
  {
    what: 'held and seen critical stays as it was',
    before: [held(1_010)],
    fresh: [critical],
    rules: TRUSTED,
    after: ['a passing until 1010'],
  },
  {
    what: 'held, seen critical and expired is critical',
    before: [held(1_000)],
    fresh: [critical],
    rules: TRUSTED,
    after: ['a critical'],
  },
  {
    what: 'held and seen in warning is in warning',
    before: [held(1_010)],
    fresh: [warning],
    rules: TRUSTED,
    after: ['a warning'],
  },
  {
    what: 'held and seen in maintenance is in maintenance',
    before: [held(1_010)],
    fresh: [maintenance],
    rules: TRUSTED,
    after: ['a maintenance'],
  },
  {
    what: 'settled: critical is critical',
    before: [passing],
    fresh: [critical],
    rules: TRUSTED,
    after: ['a critical'],
  },
  {
    what: 'partial: critical is critical',
    before: [passing],
    fresh: [critical],
    rules: PARTIAL,
    after: ['a critical'],
  },
  {
    what: 'settling: critical is doubted',
    before: [passing],
    fresh: [critical],
    rules: SETTLING,
    after: ['a passing until 1060'],
  },
  {
    what: 'settling: what was critical before stays so',
    before: [critical],
    fresh: [critical],
    rules: SETTLING,
    after: ['a critical'],
  },
  {
    what: 'settling: maintenance is believed',
    before: [passing],
    fresh: [maintenance],
    rules: SETTLING,
    after: ['a maintenance'],
  },
  {
    what: 'a registration that came back elsewhere is replaced',
    before: [passing],
    fresh: [instance('a', { port: 81, health: 'critical' })],
    rules: RESET,
    after: ['a critical'],
  },
  {
    what: 'only what vanished is held',
    before: [instance('a'), instance('b')],
    fresh: [instance('b'), instance('c')],
    rules: RESET,
    after: ['a passing until 1060', 'b', 'c'],
  },
  {
    what: 'a wiped catalog holds every service',
    before: [instance('a'), instance('u', { service: 'users' })],
    fresh: [],
    rules: RESET,
    after: ['a passing until 1060', 'u passing until 1060'],
  },
];

describe('applyHold', () => {
  for (const { what, before, fresh, rules, after } of CASES) {
    it(what, () => {
      assert.deepEqual(shown(applyHold(catalogOf(...before), catalogOf(...fresh), rules)).sort(), after);
    });
  }

  it('keeps the catalog where nothing changed, and the array of a service that did not change', () => {
    const before = catalogOf(instance('a'), instance('u', { service: 'users' }));
    assert.equal(
      applyHold(before, catalogOf(instance('a'), instance('u', { service: 'users' })), TRUSTED),
      before,
    );
    const after = applyHold(before, catalogOf(instance('a')), TRUSTED);
    assert.notEqual(after, before);
    assert.equal(after.get('orders'), before.get('orders'));
  });

  it('tells when the first hold expires', () => {
    assert.equal(nextExpiry(catalogOf(passing)), undefined);
    const two = catalogOf(held(2_000), { ...instance('b'), heldUntil: 1_500 });
    assert.equal(nextExpiry(two), 1_500);
  });
});
