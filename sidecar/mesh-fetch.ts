import { nanoid } from 'nanoid';
import { Agent, type Dispatcher } from 'undici';
import { type Decision, isRefusal } from '../src/core/decide/decide.ts';
import type { ErrorCode } from '../src/core/errors.ts';
import type { Target } from '../src/core/model/rule.ts';
import { Tries } from '../src/core/retry/retry.ts';
import { readRetryAfter } from '../src/core/retry/retry-after.ts';
import { problem } from '../src/proxy/respond.ts';
import { HttpSpans } from '../src/telemetry/http-spans.ts';
import type { Caller } from '../src/telemetry/propagation.ts';
import type { Tracing } from '../src/telemetry/tracing.ts';
import { startCallSpan } from './call-span.ts';
import type { CalledServices } from './called.ts';
import { codeOf, towards } from './instance-dispatcher.ts';
import { meshService } from './mesh-rule.ts';
import { callingTrace, type From, handOn } from './trace-carrier.ts';

export interface MeshInit extends RequestInit {
  /** The request that caused this call: its trace goes on, and so do its baggage and request id. */
  readonly from?: From;
}

/**
 * The platform's `fetch`, but `http://NAME.mesh/…` is discovered, split, balanced and traced. A service that
 * nobody knows is a 404, one without a live instance a 503, both as application/problem+json.
 */
export type MeshFetch = (input: string | URL | Request, init?: MeshInit) => Promise<Response>;

export interface MeshFetchOptions {
  readonly called: CalledServices;
  readonly tracing: Tracing;
  /** Draws from [0, 1). */
  readonly chance: () => number;
}

export const createMeshFetch = ({ called, tracing, chance }: MeshFetchOptions): MeshFetch => {
  const spans = new HttpSpans('sdk', tracing.limits);
  const agent = new Agent({ keepAliveTimeout: 4_000, connect: { timeout: 3_000 } });

  const attemptAll = async (call: Call, decision: Decision): Promise<Response> => {
    const tries = new Tries(called.fleet, decision);
    let target = decision.target;
    for (;;) {
      try {
        const response = await attemptOnce(call, decision, target, tries);
        const next = tries.afterStatus(response.status, call, now(), chance);
        tries.completed();
        if (next === undefined) return response;
        await response.body?.cancel();
        target = next;
      } catch (error) {
        if (call.init.signal?.aborted === true) {
          tries.abandoned(now());
          throw error;
        }
        const code = codeOf(error);
        // Whether the connection was an old one cannot be told from here: it may have been.
        const sent = code !== 'connect_failed';
        tries.failed(code, false, now());
        const next = tries.afterFailure({ target, code, sent, reused: sent }, call, now(), chance);
        if (next === undefined) throw error;
        target = next;
      }
    }
  };

  const attemptOnce = async (
    call: Call,
    { where }: Decision,
    target: Target,
    tries: Tries,
  ): Promise<Response> => {
    const span = startCallSpan(tracing, spans, { ...call, where, target, resend: tries.resend });
    tries.begin(target, now());
    try {
      const dispatcher = towards(agent, call.host, target.instance);
      const headers = new Headers(call.headers);
      for (const [name, value] of pairs(span.headers)) headers.set(name, value);
      const response = await (fetch as unknown as Fetch)(call.input, { ...call.init, headers, dispatcher });
      tries.responded(response.status, now(), restOf(response));
      span.end({ status: response.status });
      return response;
    } catch (error) {
      const clientLeft = call.init.signal?.aborted === true;
      span.end(clientLeft ? { clientLeft } : { error: codeOf(error) });
      throw error;
    }
  };

  return async (input, { from, ...init } = {}) => {
    const request = input instanceof Request ? input : undefined;
    const url = new URL(request?.url ?? (input as string | URL));
    const service = url.protocol === 'http:' ? meshService(url.hostname) : undefined;
    if (service === undefined) return fetch(input, init);
    init.signal?.throwIfAborted();
    await called.prepare(service);
    const headers = new Headers(init.headers ?? request?.headers);
    const header = (name: string): string | undefined => headers.get(name) ?? undefined;
    const method = (init.method ?? request?.method ?? 'GET').toUpperCase();
    const decision = called.decide(service, {
      host: `${service}.mesh`,
      path: url.pathname,
      method,
      scheme: 'http',
      header,
      query: name => url.searchParams.get(name) ?? undefined,
    });
    if (isRefusal(decision)) return refuse(decision.code);
    handOn(headers, from, tracing.enabled);
    const body = init.body ?? request?.body ?? undefined;
    return attemptAll(
      {
        input,
        init,
        headers,
        host: url.host,
        method,
        isBodyLost: isStream(body),
        caller: callingTrace(tracing, from, headers),
      },
      decision,
    );
  };
};

const now = (): number => performance.now();

const restOf = ({ status, headers }: Response): number | undefined =>
  status === 503 ? readRetryAfter(headers.get('retry-after') ?? '', Date.now()) : undefined;

/**
 * Node's own fetch takes a dispatcher, which its types leave out. undici's fetch is typed, but its `Response` is not
 * the application's.
 */
type Fetch = (
  input: Call['input'],
  init: Omit<RequestInit, 'dispatcher'> & { dispatcher: Dispatcher },
) => Promise<Response>;

/** One call, whatever the number of its attempts. */
interface Call {
  readonly input: string | URL | Request;
  readonly init: RequestInit;
  readonly headers: Headers;
  /** As the caller named it; it stays the `Host`. */
  readonly host: string;
  readonly method: string;
  /** The body can be read only once, so there is only one attempt. */
  readonly isBodyLost: boolean;
  readonly caller: Caller;
}

const isStream = (body: unknown): boolean =>
  body instanceof ReadableStream ||
  (typeof body === 'object' && body !== null && Symbol.asyncIterator in body);

const refuse = (code: ErrorCode): Response => {
  const { status, fields, body } = problem(code, nanoid());
  return new Response(new Uint8Array(body), { status, headers: [...pairs(fields)] });
};

const pairs = function* (flat: readonly string[]): Generator<[string, string]> {
  for (let i = 0; i + 1 < flat.length; i += 2) yield [flat[i] ?? '', flat[i + 1] ?? ''];
};
