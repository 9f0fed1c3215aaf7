import { planOf } from '../../src/canary/document.ts';
import { noEvidence } from '../../src/canary/evidence.ts';
import type { Plan } from '../../src/canary/plan.ts';
import type { Look } from '../../src/canary/progress.ts';
import type { Rollout } from '../../src/canary/rollout.ts';

export const plan = (said: Record<string, string> = {}): Plan =>
  planOf({ values: new Map() }, 'test', { to: 'v2', steps: '10,100', every: '60s', ...said });

/** As it was asked for at time 0, unless said. */
export const rollout = (changes: Partial<Rollout> = {}): Rollout => {
  const { plan: given = plan() } = changes;
  return {
    id: 'abc',
    service: 'orders',
    plan: given,
    startedAt: 0,
    startedBy: 'ann',
    phase: 'new',
    step: -1,
    stepAt: 0,
    stable: {},
    held: null,
    ledger: 0,
    evidence: noEvidence(given),
    story: [],
    ...changes,
  };
};

/** v2 has 10 % since time 0. */
export const watching = (changes: Partial<Rollout> = {}): Rollout =>
  rollout({
    phase: 'watching',
    step: 0,
    stable: { v1: 1 },
    held: { v1: 90, v2: 10 },
    ledger: 2,
    ...changes,
  });

export const judged = (outcome: 'breach' | 'sound' | 'inconclusive'): Rollout['evidence'] => ({
  ...noEvidence(plan()),
  verdict: { outcome, text: `it is a ${outcome}`, findings: [] },
});

/** All is as `watching` left it, a minute later, unless said. */
export const look = (changes: Partial<Look> = {}): Look => ({
  now: 60_000,
  shares: new Map([
    ['v1', 0.9],
    ['v2', 0.1],
  ]),
  weights: { v1: 90, v2: 10 },
  revision: 2,
  ...changes,
});
