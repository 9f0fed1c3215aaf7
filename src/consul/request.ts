import { EventEmitter } from 'node:events';
import type { ClientRequest, Agent as HttpAgent, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { withoutBrackets } from '../core/values.ts';
import { type ConnectionTrouble, connectionFailure, timeoutFailure } from './connection-failure.ts';
import type { Endpoint } from './endpoint.ts';

/** The layer under the `consul` package (papi), which its types leave out. */
export interface Papi {
  _request(options: object, finish: PapiStep): Promise<PapiState>;
  _ext(event: 'onRequest', step: PapiStep): void;
}

type PapiStep = (state: PapiState, next: (error?: false, _?: undefined, value?: PapiState) => void) => void;

interface PapiState {
  req: { hostname?: string };
  transport: { request(options: object): ClientRequest };
  res?: IncomingMessage & { body?: Buffer };
  err?: ConnectionTrouble & { isTimeout?: boolean; isResponse?: boolean };
}

/** One call of Consul's API. */
export interface Call {
  readonly method?: 'GET' | 'PUT';
  /** Below `/v1`, with `{name}` for each of `params`. */
  readonly path: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
  readonly deadlineMs: number;
  readonly agent: HttpAgent;
  readonly signal?: AbortSignal | undefined;
}

/** Any answer at all, whatever its status. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/**
 * Makes papi's requests end in every case: with a whole reply, with a `ConsulError` (unreachable, timeout), or
 * with the signal's reason.
 */
export const createRequester = (
  papi: Papi,
  { base, headers }: Endpoint,
): ((call: Call) => Promise<Reply>) => {
  papi._ext('onRequest', guardRequest);
  return async ({ method = 'GET', params = {}, query = {}, deadlineMs, signal, ...call }) => {
    signal?.throwIfAborted();
    const ctx = new EventEmitter();
    const cancel = (): void => void ctx.emit('cancel');
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      const options = {
        ...call,
        method,
        params,
        query,
        headers: headers(),
        ctx,
        buffer: true,
        timeout: deadlineMs,
      };
      // Handing the state on unjudged keeps papi's errors, which hold the request's headers, in here.
      const { err, res } = await papi._request(options, (state, next) => next(false, undefined, state));
      signal?.throwIfAborted();
      if (res === undefined || (err !== undefined && err.isResponse !== true)) {
        if (err?.isTimeout !== true) throw connectionFailure(err, base.host);
        dropIdle(call.agent);
        throw timeoutFailure(base.host, deadlineMs);
      }
      return { status: res.statusCode ?? 0, headers: res.headers, body: res.body ?? Buffer.alloc(0) };
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  };
};

/** papi waits for ever on a response that is cut short, and hands IPv6 addresses on with their brackets. */
const guardRequest: PapiStep = (state, next) => {
  const { transport } = state;
  const { hostname } = state.req;
  if (hostname !== undefined) state.req.hostname = withoutBrackets(hostname);
  state.transport = {
    request: options => {
      const request = transport.request(options);
      request.once('response', response => response.once('error', error => request.emit('error', error)));
      return request;
    },
  };
  next();
};

/** After a partition the idle connections are as half-open as the one that timed out. */
const dropIdle = (agent: HttpAgent): void => {
  for (const sockets of Object.values(agent.freeSockets))
    for (const socket of sockets ?? []) socket.destroy();
};
