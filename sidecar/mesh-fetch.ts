import { type Context, SpanKind, trace } from '@opentelemetry/api';
import { nanoid } from 'nanoid';
import { Agent, type Dispatcher } from 'undici';
import { type Decision, isRefusal } from '../src/core/decide.ts';
import type { ErrorCode } from '../src/core/errors.ts';
import type { Target } from '../src/core/model.ts';
import { type FailedTry, nextTarget } from '../src/core/retry.ts';
import { formatHostPort } from '../src/core/values.ts';
import { problem } from '../src/proxy/respond.ts';
import { clientAttributes, clientEnding, foldMethod } from '../src/telemetry/http-semantics.ts';
import type { AttemptOutcome } from '../src/telemetry/observer.ts';
import type { Tracing } from '../src/telemetry/tracing.ts';
import type { CalledServices } from './called.ts';
import { meshService } from './mesh-rule.ts';
import { callingContext, type From, handOn } from './trace-carrier.ts';

export interface MeshInit extends RequestInit {
  /** The request that caused this call: its trace goes on, and so do its baggage and request id. */
  readonly from?: From;
}

export interface MeshFetch {
  /**
   * The platform's `fetch`, but `http://NAME.mesh/…` is discovered, split, balanced and traced. A service that
   * nobody knows is a 404, one without a live instance a 503, both as application/problem+json.
   */
  fetch(input: string | URL | Request, init?: MeshInit): Promise<Response>;
}

export interface MeshFetchOptions {
  readonly called: CalledServices;
  readonly tracing: Tracing;
  /** Draws from [0, 1). */
  readonly chance: () => number;
}

const HOP = 'sdk';

export const createMeshFetch = ({ called, tracing, chance }: MeshFetchOptions): MeshFetch => {
  const agent = new Agent({ keepAliveTimeout: 4_000, connect: { timeout: 3_000 } });

  const tryAll = async (call: Call, decision: Decision): Promise<Response> => {
    const failures: FailedTry[] = [];
    let target = decision.target;
    for (;;) {
      try {
        return await tryOnce(call, decision, target, failures.length);
      } catch (error) {
        if (call.init.signal?.aborted === true) throw error;
        const sent = wasSent(error);
        // Whether the connection was an old one cannot be told from here: it may have been.
        failures.push({ target, code: sent ? 'upstream_reset' : 'connect_failed', sent, reused: sent });
        const next = nextTarget(call, failures, decision.candidates, called.loads, chance);
        if (next === undefined) throw error;
        target = next;
      }
    }
  };

  const tryOnce = async (
    call: Call,
    decision: Decision,
    target: Target,
    resend: number,
  ): Promise<Response> => {
    const { instance } = target;
    const span = startSpan(call, decision, target, resend);
    called.loads.start(instance.id);
    try {
      const dispatcher = towards(
        agent,
        call.host,
        formatHostPort({ host: instance.address, port: instance.port }),
      );
      const headers = new Headers(call.headers);
      for (const [name, value] of pairs(span.headers)) headers.set(name, value);
      const response = await (fetch as unknown as Fetch)(call.input, { ...call.init, headers, dispatcher });
      span.end({ status: response.status });
      return response;
    } catch (error) {
      const clientLeft = call.init.signal?.aborted === true;
      span.end(clientLeft ? { clientLeft } : { error: wasSent(error) ? 'upstream_reset' : 'connect_failed' });
      throw error;
    } finally {
      called.loads.end(instance.id);
    }
  };

  const startSpan = (call: Call, { route, service }: Decision, target: Target, resend: number): CallSpan => {
    if (!tracing.enabled) return { headers: [], end: () => {} };
    const { instance, version } = target;
    const method = foldMethod(call.method);
    const attributes = clientAttributes(HOP, method, {
      route,
      service,
      version,
      instanceId: instance.id,
      address: instance.address,
      port: instance.port,
      resend,
    });
    const span = tracing.tracer.startSpan(method, { kind: SpanKind.CLIENT, attributes }, call.context);
    return {
      headers: tracing.inject(trace.setSpan(call.context, span)),
      end: outcome => {
        const ending = clientEnding(outcome);
        span.setAttributes(ending.attributes);
        if (ending.status !== undefined) span.setStatus(ending.status);
        span.end();
      },
    };
  };

  return {
    fetch: async (input, { from, ...init } = {}) => {
      const request = input instanceof Request ? input : undefined;
      const url = new URL(request?.url ?? (input as string | URL));
      const service = url.protocol === 'http:' ? meshService(url.hostname) : undefined;
      if (service === undefined) return fetch(input, init);
      init.signal?.throwIfAborted();
      await called.prepare(service);
      const decision = called.decide(service, url.pathname);
      if (isRefusal(decision)) return refuse(decision.code);
      const headers = new Headers(init.headers ?? request?.headers);
      handOn(headers, from, tracing.enabled);
      const body = init.body ?? request?.body ?? undefined;
      return tryAll(
        {
          input,
          init,
          headers,
          host: url.host,
          method: (init.method ?? request?.method ?? 'GET').toUpperCase(),
          hasBody: body !== undefined,
          bodyTouched: isStream(body),
          context: callingContext(tracing, from, headers),
        },
        decision,
      );
    },
  };
};

type Fetch = (
  input: Call['input'],
  init: Omit<RequestInit, 'dispatcher'> & { dispatcher: Dispatcher },
) => Promise<Response>;

/** One call, whatever the number of its tries. */
interface Call {
  readonly input: string | URL | Request;
  readonly init: RequestInit;
  readonly headers: Headers;
  /** As the caller named it; it stays the `Host`. */
  readonly host: string;
  readonly method: string;
  readonly hasBody: boolean;
  /** The body can be read only once, so there is only one try. */
  readonly bodyTouched: boolean;
  readonly context: Context;
}

interface CallSpan {
  /** name, value, name, value … */
  readonly headers: readonly string[];
  end(outcome: AttemptOutcome): void;
}

const isStream = (body: unknown): boolean =>
  body instanceof ReadableStream ||
  (typeof body === 'object' && body !== null && Symbol.asyncIterator in body);

/** Connects to the instance instead of the name; `fetch` itself has no say in `Host`. Redirects elsewhere go there. */
const towards = (agent: Agent, host: string, address: string): Dispatcher =>
  agent.compose(dispatch => (options, handler) => {
    if (String(options.origin) !== `http://${host}`) return dispatch(options, handler);
    const headers = { ...(options.headers as Record<string, string>), host };
    return dispatch({ ...options, origin: `http://${address}`, headers }, handler);
  });

interface SystemError {
  readonly code?: string;
  readonly syscall?: string;
  readonly errors?: readonly SystemError[];
}

/** Whether a byte of the request may have reached the instance. */
const wasSent = (error: unknown): boolean => {
  const cause = ((error as { cause?: SystemError }).cause ?? {}) as SystemError;
  const { code, syscall } = cause.errors?.[0] ?? cause;
  return !(code === 'UND_ERR_CONNECT_TIMEOUT' || syscall === 'connect' || syscall === 'getaddrinfo');
};

const refuse = (code: ErrorCode): Response => {
  const { status, fields, body } = problem(code, nanoid());
  return new Response(new Uint8Array(body), { status, headers: [...pairs(fields)] });
};

const pairs = function* (flat: readonly string[]): Generator<[string, string]> {
  for (let i = 0; i + 1 < flat.length; i += 2) yield [flat[i] ?? '', flat[i + 1] ?? ''];
};
