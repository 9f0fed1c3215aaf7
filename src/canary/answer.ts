import { errorRate, latencyAt } from './analysis/figures.ts';
import type { Sample } from './analysis/sample.ts';
import { isOver, type Rollout, type Said, shareAt } from './rollout.ts';
import { nextInWords } from './words.ts';

const iso = (at: number): string => new Date(at).toISOString();

export type CanaryAnswer = ReturnType<typeof canaryAnswer>;

/** A rollout as the admin API and `--json` tell it. @param now epoch milliseconds, by the clock of the rollout */
export const canaryAnswer = (rollout: Rollout, now: number) => {
  const { plan, evidence, stepAt, outcome, paused, wish, reason, obstacle, why, turn, owed } = rollout;
  const { canary, stable } = evidence.analysis.seen;
  return {
    service: rollout.service,
    id: rollout.id,
    to: plan.to,
    phase: rollout.phase,
    ...(outcome === undefined ? {} : { outcome }),
    ...(why === undefined ? {} : { why }),
    step: rollout.step + 1,
    steps: plan.steps,
    share: shareAt(rollout) / 100,
    startedAt: iso(rollout.startedAt),
    startedBy: rollout.startedBy,
    ...(reason === undefined ? {} : { reason }),
    stepAt: iso(stepAt),
    stepSeconds: Math.max(0, (isOver(rollout) ? (rollout.story.at(-1)?.at ?? now) : now) - stepAt) / 1_000,
    everySeconds: plan.every / 1_000,
    limits: {
      maxErrorRate: plan.maxErrorRate,
      maxP99Ratio: plan.maxP99Ratio,
      minRequests: plan.minRequests,
    },
    canary: rates([plan.to], canary),
    stable: rates(Object.keys(rollout.stable), stable),
    verdict: { outcome: evidence.verdict.outcome, text: evidence.verdict.text },
    next: nextInWords(rollout, now),
    ...(paused === undefined ? {} : { paused: said(paused) }),
    ...(wish === undefined ? {} : { wish: { kind: wish.kind, ...said(wish) } }),
    ...(obstacle === undefined ? {} : { obstacle }),
    ...(turn === undefined ? {} : { turn: { weights: turn.weights, why: turn.why } }),
    ...(owed === undefined ? {} : { owed: owed.length }),
    story: rollout.story.map(({ at, text }) => ({ at: iso(at), text })),
  };
};

const said = ({ actor, at, reason }: Said) => ({
  actor,
  at: iso(at),
  ...(reason === undefined ? {} : { reason }),
});

const rates = (versions: readonly string[], sample: Sample) => {
  const seconds = latencyAt(sample, 99);
  return {
    versions,
    requests: sample.requests,
    errors: sample.errors,
    errorRate: errorRate(sample),
    ...(seconds === undefined ? {} : { p99Seconds: seconds }),
  };
};
