import { advance, beginAnalysis, beginStep } from './analysis/analysis.ts';
import { addSamples, NOTHING, type Pair, type Sample } from './analysis/sample.ts';
import type { Analysis } from './analysis/state.ts';
import type { Verdict } from './analysis/verdict.ts';
import type { Samples } from './figures.ts';
import type { Plan } from './plan.ts';

/** What the figures of a rollout say so far. Plain JSON. */
export interface Evidence {
  /** Totals of the rollout at the last look. */
  readonly seen: Pair;
  readonly analysis: Analysis;
  readonly verdict: Verdict;
}

/** At the start of a rollout. */
export const noEvidence = ({ maxErrorRate, maxP99Ratio, minRequests, steps }: Plan): Evidence => ({
  seen: { canary: NOTHING, stable: NOTHING },
  analysis: beginAnalysis({ maxErrorRate, maxP99Ratio, minRequests, steps: steps.length }),
  verdict: NO_VERDICT,
});

const NO_VERDICT: Verdict = { outcome: 'inconclusive', text: 'nothing was counted yet', findings: [] };

/** The version on one side, all others of the service on the other. */
export const pairOf = (samples: Samples, canary: string): Pair => {
  const others = [...samples].filter(([version]) => version !== canary).map(([, sample]) => sample);
  return { canary: samples.get(canary) ?? NOTHING, stable: others.reduce(addSamples, NOTHING) };
};

/** Takes in what was counted since the last look. @param totals of the whole rollout */
export const weigh = ({ seen, analysis }: Evidence, totals: Pair): Evidence => {
  const { state, verdict } = advance(analysis, {
    canary: less(totals.canary, seen.canary),
    stable: less(totals.stable, seen.stable),
  });
  return { seen: totals, analysis: state, verdict };
};

/** Passes over what was counted since the last look: some of it was answered by other shares. */
export const passOver = (evidence: Evidence, totals: Pair): Evidence => ({ ...evidence, seen: totals });

/** Figures are those of another step from now on; a rollout begins with its first. */
export const atStep = (evidence: Evidence, step: number): Evidence => ({
  ...evidence,
  analysis: step === 0 ? evidence.analysis : beginStep(evidence.analysis),
  verdict: NO_VERDICT,
});

/** Totals never fall, unless Redis lost some: then less is known, and never less than nothing. */
const less = (a: Sample, b: Sample): Sample => ({
  requests: Math.max(0, a.requests - b.requests),
  errors: Math.max(0, a.errors - b.errors),
  latency: a.latency.map((count, bucket) => Math.max(0, count - (b.latency[bucket] ?? 0))),
});
