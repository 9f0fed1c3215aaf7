import type { IncomingHttpHeaders } from 'node:http';
import { context as active, propagation } from '@opentelemetry/api';
import { type Caller, callerOf } from '../src/telemetry/propagation.ts';
import type { Tracing } from '../src/telemetry/tracing.ts';

/** A request that came in: of node:http, Express, Fastify, or the web's own `Request`. */
export interface From {
  readonly headers: Headers | IncomingHttpHeaders;
}

/** What belongs to the whole chain of calls and is handed on as it came. */
const CHAIN = ['baggage', 'x-request-id'];
/** What says which trace it is; ours to write where spans are recorded. */
const TRACE = [
  'traceparent',
  'tracestate',
  'b3',
  'x-b3-traceid',
  'x-b3-spanid',
  'x-b3-sampled',
  'x-b3-flags',
];

/**
 * The trace that a call belongs to: that of the request that caused it, else the one that its own headers name,
 * else the application's active OpenTelemetry context.
 */
export const callingTrace = (tracing: Tracing, from: From | undefined, own: Headers): Caller => {
  for (const headers of [from?.headers, own]) {
    if (headers === undefined) continue;
    const caller = tracing.extract(rawHeaders(headers));
    if (caller.span !== undefined) return caller;
  }
  return callerOf(active.active());
};

/**
 * Hands on what the causing request carried. What the caller has set himself is his.
 *
 * @param recorded whether a span of ours will stand for the call, and write the trace's own headers
 */
export const handOn = (headers: Headers, from: From | undefined, recorded: boolean): void => {
  const came = new Map<string, string>();
  const raw = rawHeaders(from?.headers ?? {});
  for (let i = 0; i + 1 < raw.length; i += 2) came.set(`${raw[i]}`.toLowerCase(), `${raw[i + 1]}`);
  for (const name of recorded ? CHAIN : [...CHAIN, ...TRACE]) {
    const value = came.get(name);
    if (value !== undefined && !headers.has(name)) headers.set(name, value);
  }
  if (recorded || TRACE.some(name => headers.has(name))) return;
  propagation.inject(active.active(), headers, { set: (carrier, name, value) => carrier.set(name, value) });
};

const rawHeaders = (headers: Headers | IncomingHttpHeaders): string[] =>
  headers instanceof Headers
    ? [...headers].flat()
    : Object.entries(headers).flatMap(([name, value]) =>
        value === undefined ? [] : [name, Array.isArray(value) ? value.join(',') : value],
      );
