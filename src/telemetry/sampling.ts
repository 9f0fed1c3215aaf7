import { ROOT_CONTEXT, type SpanContext, TraceFlags } from '@opentelemetry/api';
import { SamplingDecision, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace-base';

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

/**
 * Whether a span is recorded. Asked before there is one, so that a span that is not costs next to nothing.
 * @param traceId the parent's, where there is one
 */
export type Sample = (parent: SpanContext | undefined, traceId: string) => boolean;

/** Decides once a request, at its server span; spans below follow it. */
export const createSampler = (options: SamplingOptions): Sample => {
  const { sampler, trust, now, chance } = options;
  const ratioSampler = new TraceIdRatioBasedSampler(sampler.ratio);
  const byTraceId = (traceId: string): boolean =>
    ratioSampler.shouldSample(ROOT_CONTEXT, traceId).decision === SamplingDecision.RECORD_AND_SAMPLED;
  const mayForce = createTokenBucket(options.forcedPerSecond, now);
  // Chance, not the trace id: a caller that is not trusted can choose one that falls under any ratio.
  const byChance = (): boolean => chance() < sampler.ratio;

  return (parent, traceId) => {
    // Below a sampler that asks no parent others may judge the same trace: by its id, all judge alike.
    if (parent === undefined) return sampler.parentBased ? byChance() : byTraceId(traceId);
    const sampled = (parent.traceFlags & TraceFlags.SAMPLED) !== 0;
    if (parent.isRemote !== true) return sampled;
    if (trust === 'ignore') return byChance();
    if (!sampler.parentBased) return byTraceId(traceId);
    return sampled && (trust === 'honour' || mayForce() || byChance());
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
