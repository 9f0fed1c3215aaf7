import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Log } from './log.ts';
import type { Deliver, Verdict } from './otlp/delivery.ts';
import { requestHead, writeSpan } from './otlp/encode.ts';
import { ProtobufWriter } from './otlp/protobuf.ts';

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

export interface SpanExport extends SpanProcessor {
  counts(): SpanCounts;
  /** Delivers what waits; what is not out by the time that the signal is aborted is given up and counted. */
  close(signal: AbortSignal): Promise<void>;
}

/** Spans of one resource and scope, as the bytes of a message. */
interface Batch {
  readonly like: ReadableSpan;
  readonly spans: number;
  readonly content: ProtobufWriter;
}

/**
 * Writes each span into the message that will carry it at the moment when it ends: so the span itself is garbage
 * at once, what waits is compact, and no moment comes when hundreds of spans are serialised together.
 */
export const createSpanExport = (options: SpanExportOptions): SpanExport => {
  const { deliver, queueSize, batchBytes, log } = options;
  let like: ReadableSpan | undefined;
  let content = new ProtobufWriter();
  let open = 0;
  let timer: NodeJS.Timeout | undefined;

  const waiting: Batch[] = [];
  const spare: ProtobufWriter[] = [];
  const givenUp = new AbortController();
  let underWay = 0;
  let idle: (() => void) | undefined;

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
    if (verdict.failed > 0 && reachable) {
      const { reason, failed: lost } = verdict;
      log.warn({ reason, spans: lost }, 'the OTLP receiver takes no spans; requests go on, spans may be lost');
    } else if (verdict.failed === 0 && !reachable) {
      log.info({ exported, failed, dropped }, 'the OTLP receiver takes spans again');
    }
    reachable = verdict.failed === 0;
  };

  const send = async (batch: Batch): Promise<void> => {
    underWay += 1;
    queued -= batch.spans;
    exporting += batch.spans;
    const body = batch.content.bytes();
    const head = requestHead(batch.like.resource, batch.like.instrumentationScope, body.length);
    settle(batch.spans, await deliver([head, body], batch.spans, givenUp.signal));
    batch.content.clear();
    spare.push(batch.content);
    underWay -= 1;
    proceed();
  };

  const proceed = (): void => {
    while (underWay < options.concurrency && !givenUp.signal.aborted) {
      const batch = waiting.shift();
      if (batch === undefined) break;
      void send(batch);
    }
    if (underWay === 0) idle?.();
  };

  const seal = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (like === undefined) return;
    waiting.push({ like, spans: open, content });
    content = spare.pop() ?? new ProtobufWriter(batchBytes + batchBytes / 8);
    like = undefined;
    open = 0;
    proceed();
  };

  return {
    onStart: () => {},
    onEnd: span => {
      if (closed || queued + exporting >= queueSize) {
        dropped += 1;
        return;
      }
      if (like?.instrumentationScope !== span.instrumentationScope) seal();
      like ??= span;
      writeSpan(content, span);
      open += 1;
      queued += 1;
      if (content.length >= batchBytes) seal();
      else timer ??= setTimeout(seal, options.delay).unref();
    },
    forceFlush: async () => seal(),
    shutdown: async () => {},
    close: signal => {
      closed = true;
      return new Promise(resolve => {
        const giveUp = (): void => {
          givenUp.abort();
          dropped += queued;
          queued = 0;
          waiting.length = 0;
        };
        idle = () => {
          signal.removeEventListener('abort', giveUp);
          resolve();
        };
        signal.addEventListener('abort', giveUp, { once: true });
        seal();
        proceed();
      });
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
