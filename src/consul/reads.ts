import type { IncomingHttpHeaders } from 'node:http';
import { type Dispatcher, Pool } from 'undici';
import { connectionFailure, timeoutFailure } from './connection-failure.ts';
import type { Endpoint } from './endpoint.ts';
import type { Reply } from './request.ts';

/** Short reads, many at a time over few connections: a call of the `consul` package costs several times as much. */
export interface Reads {
  /**
   * @param path below `/v1`, with its query
   * @throws ConsulError (unreachable, timeout); once `signal` is aborted, its reason
   */
  get(path: string, signal?: AbortSignal): Promise<Reply>;
  /** Ends those under way. */
  close(): void;
}

/** Two, so that one large answer does not hold up all others. */
const CONNECTIONS = 2;

/** Requests under way on each. */
const PIPELINING = 8;

/** So many reads are worth asking for at a time. */
export const READS_AT_ONCE = CONNECTIONS * PIPELINING;

/** A partition leaves idle connections half-open: they are not kept for long. */
const KEEP_ALIVE_MS = 10_000;

export const openReads = ({ base, tls, headers, dc, timeoutMs }: Endpoint): Reads => {
  const pool = new Pool(base.origin, {
    connections: CONNECTIONS,
    pipelining: PIPELINING,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connect: { ...tls, timeout: timeoutMs },
  });
  const inDc = (path: string): string =>
    dc === undefined ? path : `${path}${path.includes('?') ? '&' : '?'}dc=${encodeURIComponent(dc)}`;

  return {
    get: async (path, signal) => {
      signal?.throwIfAborted();
      const reading = new Reading();
      const timer = setTimeout(() => reading.giveUp(timeoutFailure(base.host, timeoutMs)), timeoutMs);
      const onAbort = (): void => reading.giveUp(signal?.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      try {
        const request = { method: 'GET', path: base.pathname + inDc(path), headers: headers() } as const;
        pool.dispatch(request, reading);
        return await reading.reply;
      } catch (error) {
        throw reading.reason ?? connectionFailure(error as Error, base.host);
      } finally {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      }
    },
    close: () => void pool.destroy(),
  };
};

class Reading implements Dispatcher.DispatchHandler {
  readonly reply: Promise<Reply>;
  /** Why it was given up. */
  reason: unknown;
  #resolve: (reply: Reply) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  readonly #chunks: Buffer[] = [];

  constructor() {
    this.reply = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  giveUp(reason: unknown): void {
    this.reason = reason;
    this.#reject(reason);
    this.#controller?.abort(new Error('given up'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.reason !== undefined) controller.abort(new Error('given up'));
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#resolve({ status: this.#status, headers: this.#headers, body: Buffer.concat(this.#chunks) });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#reject(error);
  }
}
