import { INVALID_SPAN_CONTEXT, type SpanContext } from '@opentelemetry/api';
import {
  defaultResource,
  detectResources,
  envDetector,
  type Resource,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import {
  ATTR_SERVICE_INSTANCE_ID,
  ATTR_SERVICE_NAME,
  ATTR_SERVICE_VERSION,
} from '@opentelemetry/semantic-conventions';
import { type Clock, createSystemClock } from './clock.ts';
import { createDraw, type Draw } from './draw.ts';
import { createIds } from './ids.ts';
import type { Log } from './log.ts';
import { createDelivery } from './otlp/delivery.ts';
import { createPoster, type Wire } from './otlp/post.ts';
import { createRequestHead } from './otlp/request-head.ts';
import type { DrawnSpan } from './otlp/span-writer.ts';
import { type Caller, createPropagation, DEFAULT_PROPAGATORS, type PropagatorName } from './propagation.ts';
import { createSampler, DEFAULT_SAMPLER, type SamplerChoice, type TraceTrust } from './sampling.ts';
import { createSpanExport, type SpanCounts } from './span-export.ts';
import { DEFAULT_SPAN_LIMITS, type SpanLimits } from './span-limits.ts';
import { systemTimers } from './timers.ts';

export interface TracingOptions {
  readonly serviceName: string;
  readonly serviceInstanceId: string;
  readonly serviceVersion: string;
  /** Base URL of an OTLP/HTTP receiver; `/v1/traces` is added. Absent: nothing is recorded. */
  readonly otlp?: string | undefined;
  readonly wire?: Wire;
  readonly log: Log;
  readonly sampler?: SamplerChoice;
  readonly trust?: TraceTrust;
  /** Traces a second that callers can force where `trust` is `cap`. */
  readonly forcedPerSecond?: number;
  readonly propagators?: readonly PropagatorName[];
  readonly clock?: Clock;
  /** Draws from [0, 1). */
  readonly chance?: () => number;
  readonly limits?: SpanLimits;
  readonly queueSize?: number;
  readonly batchBytes?: number;
  /** Milliseconds that a span waits for company before it is sent. */
  readonly delay?: number;
  /** Milliseconds for one delivery, its retries included. */
  readonly exportTimeout?: number;
}

/**
 * Spans and their context, made by hand: no global provider, no context manager, no instrumentation.
 *
 * Where it is not enabled, trace context is not ours to change: `propagationFields` is empty, so the headers
 * pass on as they came, `inject` writes nothing, and there is nothing to draw or record.
 */
export interface Tracing {
  readonly enabled: boolean;
  /** What spans may say. */
  readonly limits: SpanLimits;
  /** Lower-case names of the headers that `inject` replaces. */
  readonly propagationFields: ReadonlySet<string>;
  /** The caller's context, or an empty one. Never throws. @param rawHeaders name, value, name, value … */
  extract(rawHeaders: readonly string[]): Caller;
  /** Ids for a span, and whether it is sampled. */
  readonly draw: Draw;
  /** Headers for the next hop: name, value, name, value … */
  inject(caller: Caller, span: SpanContext): string[];
  /**
   * The end of a span that was drawn as sampled; once each.
   * @param endedAt milliseconds since the epoch, with fractions
   */
  record<Outcome>(span: DrawnSpan<Outcome>, outcome: Outcome, endedAt: number): void;
  counts(): SpanCounts;
  /** Delivers what is queued, for `within` milliseconds at most; spans that end later are dropped. Never throws. */
  shutdown(within?: number): Promise<void>;
}

/** The instrumentation that spans are of. */
const SCOPE = 'sluice';

/** To the receiver: enough that one slow answer does not hold up the rest. */
const CONNECTIONS = 4;

/** @throws where `otlp` is no http or https URL */
export const createTracing = (options: TracingOptions): Tracing => {
  const propagation = createPropagation(options.propagators ?? DEFAULT_PROPAGATORS);
  if (options.otlp === undefined) return passThrough(propagation.extract);

  const clock = options.clock ?? createSystemClock();
  const chance = options.chance ?? Math.random;
  const poster = createPoster(tracesUrl(options.otlp), options.wire ?? {}, CONNECTIONS);
  const limits = options.limits ?? DEFAULT_SPAN_LIMITS;
  const spans = createSpanExport({
    head: createRequestHead(resourceOf(options), { name: SCOPE, version: options.serviceVersion }),
    limits,
    deliver: createDelivery({
      poster,
      timeout: options.exportTimeout ?? 10_000,
      timers: systemTimers,
      chance,
    }),
    queueSize: options.queueSize ?? 65_536,
    batchBytes: options.batchBytes ?? 512 * 1024,
    delay: options.delay ?? 1000,
    concurrency: CONNECTIONS,
    log: options.log,
  });
  const sample = createSampler({
    sampler: options.sampler ?? DEFAULT_SAMPLER,
    trust: options.trust ?? 'cap',
    forcedPerSecond: options.forcedPerSecond ?? 100,
    now: clock.now,
    chance,
  });
  return {
    enabled: true,
    limits,
    draw: createDraw(sample, createIds()),
    record: spans.add,
    propagationFields: propagation.fields,
    extract: propagation.extract,
    inject: propagation.inject,
    counts: spans.counts,
    shutdown: async (within = 3000) => {
      const deadline = new AbortController();
      const timer = setTimeout(() => deadline.abort(), within);
      await spans.close(deadline.signal);
      clearTimeout(timer);
      poster.close();
    },
  };
};

/** Who makes the spans: what the environment says of the process, and its name. */
const resourceOf = ({ serviceName, serviceInstanceId, serviceVersion }: TracingOptions): Resource =>
  defaultResource()
    .merge(detectResources({ detectors: [envDetector] }))
    .merge(
      resourceFromAttributes({
        [ATTR_SERVICE_NAME]: serviceName,
        [ATTR_SERVICE_INSTANCE_ID]: serviceInstanceId,
        [ATTR_SERVICE_VERSION]: serviceVersion,
      }),
    );

const passThrough = (extract: Tracing['extract']): Tracing => ({
  enabled: false,
  limits: DEFAULT_SPAN_LIMITS,
  propagationFields: new Set(),
  extract,
  draw: () => INVALID_SPAN_CONTEXT,
  inject: () => [],
  record: () => {},
  counts: () => ({ ended: 0, queued: 0, exporting: 0, exported: 0, failed: 0, dropped: 0 }),
  shutdown: async () => {},
});

const tracesUrl = (base: string): URL => {
  const url = URL.canParse(base) ? new URL(base) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    // Not echoed: it may hold a password.
    throw new Error('the OTLP address must be an http or https URL, e.g. http://127.0.0.1:4318');
  }
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/traces`;
  return url;
};
