import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import {
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import type { Log } from './log.ts';

/** What became of every span that ended. `dropped` never reached the receiver's door, `failed` was turned away. */
export interface SpanCounts {
  readonly ended: number;
  readonly queued: number;
  readonly exporting: number;
  readonly exported: number;
  readonly failed: number;
  readonly dropped: number;
}

export interface SpanExportOptions {
  readonly exporter: SpanExporter;
  /** Spans that may wait; what ends beyond that is dropped and counted. */
  readonly queueSize: number;
  readonly batchSize: number;
  /** Milliseconds that a span waits for others at most. */
  readonly delay: number;
  readonly log: Log;
}

export interface SpanExport extends SpanProcessor {
  counts(): SpanCounts;
}

/**
 * Batches spans, keeps count of each, and says when the receiver goes away and when it is back, once each.
 *
 * OpenTelemetry's batch processor drops in silence when its queue is full. Its queue is mirrored here by
 * number, which is exact: it hands spans to the exporter in the very step in which it takes them from the queue.
 */
export const createSpanExport = (options: SpanExportOptions): SpanExport => {
  const { exporter, queueSize, log } = options;
  let queued = 0;
  let exporting = 0;
  let exported = 0;
  let failed = 0;
  let dropped = 0;
  let closed = false;
  let reachable = true;

  const settle = (spans: number, result: ExportResult): void => {
    exporting -= spans;
    if (result.code === ExportResultCode.SUCCESS) {
      exported += spans;
      if (!reachable) log.info({ exported, failed, dropped }, 'the OTLP receiver takes spans again');
      reachable = true;
      return;
    }
    failed += spans;
    if (reachable) {
      const reason = result.error?.message || 'no reason given';
      log.warn({ reason, spans }, 'the OTLP receiver takes no spans; requests go on, spans may be lost');
    }
    reachable = false;
  };

  const batches = new BatchSpanProcessor(
    {
      export: (spans, done) => {
        queued -= spans.length;
        exporting += spans.length;
        exporter.export(spans, result => {
          settle(spans.length, result);
          done(result);
        });
      },
      shutdown: () => exporter.shutdown(),
    },
    {
      maxQueueSize: queueSize,
      maxExportBatchSize: options.batchSize,
      scheduledDelayMillis: options.delay,
    },
  );

  return {
    onStart: () => {},
    onEnd: (span: ReadableSpan) => {
      if (closed || queued >= queueSize) {
        dropped += 1;
        return;
      }
      queued += 1;
      batches.onEnd(span);
    },
    forceFlush: () => batches.forceFlush(),
    shutdown: () => {
      closed = true;
      return batches.shutdown();
    },
    counts: () => ({
      ended: queued + exporting + exported + failed + dropped,
      queued,
      exporting,
      exported,
      failed,
      dropped,
    }),
  };
};
