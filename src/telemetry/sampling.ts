import { type Context, TraceFlags, trace } from '@opentelemetry/api';
import {
  type Sampler,
  SamplingDecision,
  type SamplingResult,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';

/** Which traces are recorded, as OTEL_TRACES_SAMPLER and its argument say. */
export interface SamplerChoice {
  /** Share of the traces that begin here, in [0, 1]. */
  readonly ratio: number;
  /** Whether a caller's decision comes before the ratio. */
  readonly parentBased: boolean;
}

export const DEFAULT_SAMPLER: SamplerChoice = { ratio: 1, parentBased: true };

/**
 * What a caller's "this trace is sampled" is worth (`--trace-trust`).
 *
 * `cap`: it is followed for a capped number of traces a second, so that nobody outside can make us record
 * everything; `honour`: always, for callers that are our own; `ignore`: never, only the trace id is kept.
 */
export type TraceTrust = 'cap' | 'honour' | 'ignore';

export const TRACE_TRUSTS: readonly TraceTrust[] = ['cap', 'honour', 'ignore'];

const SAMPLERS = ['always_on', 'always_off', 'traceidratio'];

/**
 * Reads OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG as the OpenTelemetry specification defines them.
 * @throws an error whose message names the bad value and what would do
 */
export const readSampler = (name: string | undefined, argument: string | undefined): SamplerChoice => {
  if (name === undefined || name === '') {
    return argument ? { ...DEFAULT_SAMPLER, ratio: readRatio(argument) } : DEFAULT_SAMPLER;
  }
  const parentBased = name.startsWith('parentbased_');
  const kind = parentBased ? name.slice('parentbased_'.length) : name;
  if (!SAMPLERS.includes(kind)) {
    const known = SAMPLERS.flatMap(sampler => [sampler, `parentbased_${sampler}`]).join(', ');
    throw new Error(`OTEL_TRACES_SAMPLER: "${name}" is not supported; known are ${known}`);
  }
  if (kind === 'traceidratio') return { parentBased, ratio: argument ? readRatio(argument) : 1 };
  return { parentBased, ratio: kind === 'always_on' ? 1 : 0 };
};

const readRatio = (text: string): number => {
  const ratio = Number(text);
  if (text.trim() !== '' && ratio >= 0 && ratio <= 1) return ratio;
  throw new Error(`OTEL_TRACES_SAMPLER_ARG: "${text}" is not a share from 0 to 1, e.g. 0.01`);
};

export interface SamplingOptions {
  readonly sampler: SamplerChoice;
  readonly trust: TraceTrust;
  /** Traces a second that callers can force under `cap`; the bucket holds one second's worth. */
  readonly forcedPerSecond: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Draws from [0, 1). */
  readonly chance: () => number;
}

const RECORD: SamplingResult = { decision: SamplingDecision.RECORD_AND_SAMPLED };
const SKIP: SamplingResult = { decision: SamplingDecision.NOT_RECORD };

/** Decides once a request, at its server span; spans below follow it. */
export const createSampler = (options: SamplingOptions): Sampler => {
  const { sampler, trust, now, chance } = options;
  const byTraceId = new TraceIdRatioBasedSampler(sampler.ratio);
  const mayForce = createTokenBucket(options.forcedPerSecond, now);
  // Chance, not the trace id: a caller that is not trusted can choose one that falls under any ratio.
  const byChance = (): SamplingResult => (chance() < sampler.ratio ? RECORD : SKIP);

  return {
    shouldSample: (context: Context, traceId: string): SamplingResult => {
      const parent = trace.getSpanContext(context);
      if (parent === undefined) {
        // Below a sampler that asks no parent others may judge the same trace: by its id, all judge alike.
        return sampler.parentBased ? byChance() : byTraceId.shouldSample(context, traceId);
      }
      const sampled = (parent.traceFlags & TraceFlags.SAMPLED) !== 0;
      if (parent.isRemote !== true) return sampled ? RECORD : SKIP;
      if (trust === 'ignore') return byChance();
      if (!sampler.parentBased) return byTraceId.shouldSample(context, traceId);
      if (!sampled) return SKIP;
      return trust === 'honour' || mayForce() ? RECORD : byChance();
    },
    toString: () => `sluice(ratio=${sampler.ratio},parentBased=${sampler.parentBased},trust=${trust})`,
  };
};

/** Lets `perSecond` calls a second pass, at most that many at once. */
export const createTokenBucket = (perSecond: number, now: () => number): (() => boolean) => {
  let tokens = perSecond;
  let filledAt = now();
  return () => {
    const time = now();
    tokens = Math.min(perSecond, tokens + ((time - filledAt) / 1000) * perSecond);
    filledAt = time;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
};
