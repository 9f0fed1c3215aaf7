import { hostname } from 'node:os';
import { nanoid } from 'nanoid';
import { type AccessLogMode, createAccessLog } from './access-log.ts';
import type { Log } from './log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import type { RequestObserver } from './observer.ts';
import type { OtlpSettings } from './otlp/settings.ts';
import type { PropagatorName } from './propagation.ts';
import { createRequestObserver, type Hop } from './request-observer.ts';
import { readSampler, type TraceTrust } from './sampling.ts';
import type { SpanLimitSettings } from './span-limits.ts';
import { createTracing, type Tracing } from './tracing.ts';
import { VERSION } from './version.ts';

/** As the settings of the same names have it. */
export interface TelemetryOptions extends OtlpSettings, SpanLimitSettings {
  readonly otelServiceName: string;
  readonly otlp: string | undefined;
  readonly otelSampler: string | undefined;
  readonly otelSamplerArg: string | undefined;
  readonly otelPropagators: readonly PropagatorName[];
  readonly traceTrust: TraceTrust;
  /** Share of requests that get a line: 1 is all, 0 none. */
  readonly accessLog: number;
}

/** Spans, metrics and the access log of one process. */
export interface Telemetry {
  readonly metrics: Metrics;
  readonly tracing: Tracing;
  observer(hop: Hop): RequestObserver;
  /** From now on that share of the requests gets a line in the access log. */
  logAccess(share: number): void;
  /** Delivers what waits, in bounded time. */
  close(): Promise<void>;
}

/**
 * @param parts.metrics where its figures go
 * @param parts.sharesStdout other processes write the access log, too
 */
export const openTelemetry = (
  options: TelemetryOptions,
  log: Log,
  parts: { readonly metrics?: Metrics; readonly sharesStdout?: boolean } = {},
): Telemetry => {
  const { metrics = createMetrics({ version: VERSION }), sharesStdout = false } = parts;
  const accessLog = createAccessLog({ mode: accessLogMode(options.accessLog), shared: sharesStdout });
  const tracing = openTracing(options, log);
  metrics.addSpanCounts(() => tracing.counts());
  metrics.add({
    kind: 'counter',
    name: 'sluice_access_log_lines_total',
    help: 'Lines of the access log: written, or dropped because their reader was too slow.',
    read: () => Object.entries(accessLog.counts()).map(([result, value]) => ({ labels: { result }, value })),
  });
  return {
    metrics,
    tracing,
    observer: hop => createRequestObserver({ tracing, metrics, accessLog, hop }),
    logAccess: share => accessLog.change(accessLogMode(share)),
    close: async () => {
      await Promise.all([tracing.shutdown(), accessLog.close()]);
    },
  };
};

/** Spans alone, for an application with the SDK: metrics and logs of its process are its own. */
export const openTracing = (options: Omit<TelemetryOptions, 'accessLog'>, log: Log): Tracing =>
  createTracing({
    serviceName: options.otelServiceName,
    serviceInstanceId: `${hostname()}-${nanoid(8)}`,
    serviceVersion: VERSION,
    otlp: options.otlp,
    wire: options,
    limits: { attributeCount: options.spanAttributeCount, valueLength: options.spanValueLength },
    exportTimeout: options.otlpTimeout,
    sampler: readSampler(options.otelSampler, options.otelSamplerArg),
    trust: options.traceTrust,
    propagators: options.otelPropagators,
    log,
  });

const accessLogMode = (share: number): AccessLogMode =>
  share === 1 ? 'on' : share === 0 ? 'off' : { share };
