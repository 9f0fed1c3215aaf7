import type { Log } from './log.ts';
import type { Deliver, Verdict } from './otlp/delivery.ts';
import { createOutbox } from './otlp/outbox.ts';
import { type DrawnSpan, SpanWriter } from './otlp/span-writer.ts';
import type { SpanLimits } from './span-limits.ts';

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
  readonly deliver: Deliver;
  /** A message up to its spans, which take `size` bytes. */
  readonly head: (size: number) => Buffer;
  readonly limits: SpanLimits;
  /** Spans that may wait or be on their way; what ends beyond that is dropped and counted. */
  readonly queueSize: number;
  /** A message is sent when it has grown to so many bytes. */
  readonly batchBytes: number;
  /** Milliseconds that a span waits for others at most. */
  readonly delay: number;
  /** Messages on their way at a time. */
  readonly concurrency: number;
  readonly log: Log;
}

export interface SpanExport {
  /** @param endedAt milliseconds since the epoch, with fractions */
  add<Outcome>(span: DrawnSpan<Outcome>, outcome: Outcome, endedAt: number): void;
  counts(): SpanCounts;
  /** Delivers what waits until the signal is aborted; spans that end later are dropped. Never rejects. */
  close(signal: AbortSignal): Promise<void>;
}

/**
 * Batches spans, keeps count of each, and says when the receiver goes away and when it is back, once each.
 *
 * A span is written into its message at the moment when it ends. So nothing of it lives on, what waits is compact, and
 * hundreds of spans are never serialised together while requests wait.
 */
export const createSpanExport = (options: SpanExportOptions): SpanExport => {
  const { deliver, head, limits, concurrency, queueSize, batchBytes, delay, log } = options;
  let queued = 0;
  let exporting = 0;
  let exported = 0;
  let failed = 0;
  let dropped = 0;
  let closed = false;
  let reachable = true;

  const settle = (spans: number, verdict: Verdict): void => {
    exporting -= spans;
    exported += spans - verdict.failed;
    failed += verdict.failed;
    const { reason, failed: lost } = verdict;
    const wasReachable = reachable;
    reachable = lost === 0;
    if (wasReachable && !reachable) {
      log.warn(
        { reason, spans: lost },
        'the OTLP receiver takes no spans; requests go on, spans may be lost',
      );
    }
    if (reachable && !wasReachable) {
      log.info({ exported, failed, dropped }, 'the OTLP receiver takes spans again');
    }
  };

  const outbox = createOutbox({
    deliver,
    concurrency,
    // The last span goes beyond the limit.
    capacity: batchBytes + 16_384,
    onSent: spans => {
      queued -= spans;
      exporting += spans;
    },
    onSettled: settle,
  });

  /** The open batch. */
  let content = outbox.blank();
  let writer = new SpanWriter(content, limits);
  let spans = 0;
  let timer: NodeJS.Timeout | undefined;

  const seal = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (spans === 0) return;
    outbox.put({ head: head(content.length), spans, content });
    content = outbox.blank();
    writer = new SpanWriter(content, limits);
    spans = 0;
  };

  return {
    add: (span, outcome, endedAt) => {
      if (closed || queued + exporting >= queueSize) {
        dropped += 1;
        return;
      }
      writer.write(span, outcome, endedAt);
      spans += 1;
      queued += 1;
      if (content.length >= batchBytes) seal();
      else timer ??= setTimeout(seal, delay).unref();
    },
    close: async signal => {
      closed = true;
      seal();
      await outbox.empty(signal);
      dropped += queued;
      queued = 0;
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
