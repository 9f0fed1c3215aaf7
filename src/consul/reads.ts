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

  const bySignal = new WeakMap<AbortSignal, Set<Reading>>();
  /**
   * Those that end with the signal, which has one listener for all: a listener that is taken off goes on pointing at the
   * next one, so in a chain of short reads each would keep the answers of all after it until the old generation is swept.
   */
  const endingWith = (signal: AbortSignal): Set<Reading> => {
    const known = bySignal.get(signal);
    if (known !== undefined) return known;
    const ending = new Set<Reading>();
    const giveUp = (): void => {
      for (const reading of ending) reading.giveUp(signal.reason);
    };
    signal.addEventListener('abort', giveUp, { once: true });
    bySignal.set(signal, ending);
    return ending;
  };

  return {
    get: async (path, signal) => {
      signal?.throwIfAborted();
      const reading = new Reading();
      const timer = setTimeout(() => reading.giveUp(timeoutFailure(base.host, timeoutMs)), timeoutMs);
      const ending = signal && endingWith(signal);
      ending?.add(reading);
      try {
        const request = { method: 'GET', path: base.pathname + inDc(path), headers: headers() } as const;
        const reply = reading.reply();
        pool.dispatch(request, reading);
        return await reply;
      } catch (error) {
        throw reading.reason ?? connectionFailure(error as Error, base.host);
      } finally {
        clearTimeout(timer);
        ending?.delete(reading);
      }
    },
    close: () => void pool.destroy(),
  };
};

class Reading implements Dispatcher.DispatchHandler {
  /** Why it was given up. */
  reason: unknown;
  #resolve: (reply: Reply) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  #chunks: Buffer[] = [];

  /** Asked for once; not a field, as it would keep the answer. */
  reply(): Promise<Reply> {
    return new Promise((resolve, reject) => {
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
    // Something old may still point here, and each chunk holds a whole buffer of the socket.
    this.#chunks = [];
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#reject(error);
  }
}
