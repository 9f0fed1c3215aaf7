import type { Deliver, Verdict } from './delivery.ts';
import { ProtobufWriter } from './protobuf.ts';

/** A message, in two parts. */
export interface Batch {
  readonly head: Buffer;
  readonly spans: number;
  readonly content: ProtobufWriter;
}

export interface OutboxOptions {
  readonly deliver: Deliver;
  /** Messages on their way at a time. */
  readonly concurrency: number;
  /** Bytes that a message takes about. */
  readonly capacity: number;
  onSent(spans: number): void;
  /** Once for each batch that was sent. */
  onSettled(spans: number, verdict: Verdict): void;
}

/** Batches wait here for their turn; their buffers are used again. */
export interface Outbox {
  /** An empty buffer, to be filled for a batch. */
  blank(): ProtobufWriter;
  put(batch: Batch): void;
  /**
   * Resolves when nothing waits or is on its way any more. @param signal drops what waits, and gives up what is
   * on its way
   */
  empty(signal: AbortSignal): Promise<void>;
}

export const createOutbox = (options: OutboxOptions): Outbox => {
  const { deliver, concurrency } = options;
  const waiting: Batch[] = [];
  const blanks: ProtobufWriter[] = [];
  const givenUp = new AbortController();
  let onTheirWay = 0;
  let onEmpty: (() => void) | undefined;

  const proceed = (): void => {
    while (onTheirWay < concurrency) {
      const batch = waiting.shift();
      if (batch === undefined) break;
      void send(batch);
    }
    if (onTheirWay === 0) onEmpty?.();
  };

  const send = async ({ head, spans, content }: Batch): Promise<void> => {
    onTheirWay += 1;
    options.onSent(spans);
    options.onSettled(spans, await deliver([head, content.bytes()], spans, givenUp.signal));
    content.clear();
    if (blanks.length < concurrency) blanks.push(content);
    onTheirWay -= 1;
    proceed();
  };

  return {
    blank: () => blanks.pop() ?? new ProtobufWriter(options.capacity),
    put: batch => {
      waiting.push(batch);
      proceed();
    },
    empty: signal =>
      new Promise(resolve => {
        const giveUp = (): void => {
          waiting.length = 0;
          givenUp.abort();
        };
        signal.addEventListener('abort', giveUp, { once: true });
        onEmpty = () => {
          signal.removeEventListener('abort', giveUp);
          resolve();
        };
        proceed();
      }),
  };
};
