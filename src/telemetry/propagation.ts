import { type Context, isSpanContextValid, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api';
import { B3InjectEncoding, B3Propagator } from '@opentelemetry/propagator-b3';
import { readTraceContext, TRACE_CONTEXT_FIELDS, writeTraceContext } from './trace-context.ts';

/** Whose request it is, as far as traces go. */
export interface Caller {
  /** What the request's span hangs below; always a valid one. */
  readonly span: SpanContext | undefined;
  /** What else a format hands on. The span need not be in it: to put it there copies a Map. */
  readonly context: Context;
}

const NOBODY: Caller = { span: undefined, context: ROOT_CONTEXT };

/** The caller that an OpenTelemetry context names. */
export const callerOf = (context: Context): Caller => {
  const span = trace.getSpanContext(context);
  return { span: span !== undefined && isSpanContextValid(span) ? span : undefined, context };
};

/** How trace context enters and leaves over HTTP headers. */
export interface Propagation {
  /** Lower-case names of the headers that carry it, in any format that is read. */
  readonly fields: ReadonlySet<string>;
  /** @param rawHeaders name, value, name, value … exactly as received */
  extract(rawHeaders: readonly string[]): Caller;
  /** @returns name, value, name, value … */
  inject(caller: Caller, span: SpanContext): string[];
}

/** The values of OTEL_PROPAGATORS that are understood. */
export const PROPAGATORS = ['tracecontext', 'baggage', 'b3', 'b3multi', 'none'] as const;

export type PropagatorName = (typeof PROPAGATORS)[number];

export const DEFAULT_PROPAGATORS: readonly PropagatorName[] = ['tracecontext', 'baggage'];

/**
 * Reads OTEL_PROPAGATORS: names separated by commas.
 * @throws an error whose message names the bad value and what would do
 */
export const readPropagators = (text: string | undefined): readonly PropagatorName[] => {
  if (text === undefined || text.trim() === '') return DEFAULT_PROPAGATORS;
  return [...new Set(text.split(',').map(name => readPropagator(name.trim())))];
};

const readPropagator = (name: string): PropagatorName => {
  const known = PROPAGATORS.find(propagator => propagator === name);
  if (known === undefined) {
    throw new Error(`OTEL_PROPAGATORS: "${name}" is not supported; known are ${PROPAGATORS.join(', ')}`);
  }
  return known;
};

interface Format {
  readonly fields: readonly string[];
  /** @returns the caller given, where the carrier names none */
  read(caller: Caller, carrier: Carrier): Caller;
  write(headers: string[], caller: Caller, span: SpanContext): void;
}

const w3c: Format = {
  fields: TRACE_CONTEXT_FIELDS,
  read: (caller, carrier) => {
    const span = readTraceContext(carrier.get('traceparent'), carrier.get('tracestate'));
    return span === undefined ? caller : { span, context: caller.context };
  },
  write: (headers, _caller, span) => writeTraceContext(headers, span),
};

const b3 = (injectEncoding: B3InjectEncoding): Format => {
  const propagator = new B3Propagator({ injectEncoding });
  return {
    fields: propagator.fields(),
    read: (caller, carrier) => {
      const read = callerOf(propagator.extract(caller.context, carrier, getter));
      return read.span === undefined ? { span: caller.span, context: read.context } : read;
    },
    write: (headers, caller, span) =>
      propagator.inject(trace.setSpanContext(caller.context, span), headers, setter),
  };
};

const implementations: Record<PropagatorName, () => readonly Format[]> = {
  tracecontext: () => [w3c],
  // Baggage is the application's: like any other header it goes upstream exactly as it came.
  baggage: () => [],
  b3: () => [b3(B3InjectEncoding.SINGLE_HEADER)],
  b3multi: () => [b3(B3InjectEncoding.MULTI_HEADER)],
  none: () => [],
};

/** Whatever the format that is written, B3 is read in both, so both must be replaced. */
const B3_FIELDS = [
  'b3',
  'x-b3-traceid',
  'x-b3-spanid',
  'x-b3-parentspanid',
  'x-b3-sampled',
  'x-b3-flags',
] as const;

/** Every format named is read, later ones before earlier ones, and every one is written. */
export const createPropagation = (names: readonly PropagatorName[]): Propagation => {
  const formats = names.flatMap(name => implementations[name]());
  const readsB3 = names.includes('b3') || names.includes('b3multi');
  const fields = new Set([...formats.flatMap(format => format.fields), ...(readsB3 ? B3_FIELDS : [])]);
  const lookup = createLookup(fields);
  return {
    fields,
    extract: rawHeaders => {
      const carrier = collect(rawHeaders, lookup);
      if (carrier === undefined) return NOBODY;
      return formats.reduce((caller, format) => format.read(caller, carrier), NOBODY);
    },
    inject: (caller, span) => {
      const headers: string[] = [];
      for (const format of formats) format.write(headers, caller, span);
      return headers;
    },
  };
};

type Carrier = ReadonlyMap<string, string>;

const getter = {
  keys: (carrier: Carrier): string[] => [...carrier.keys()],
  get: (carrier: Carrier, key: string): string | undefined => carrier.get(key),
};

const setter = {
  set: (headers: string[], name: string, value: string): void => {
    headers.push(name, value);
  },
};

/** `tracestate` is a list (RFC 9110, 5.3: joined by commas). Of any other header, two contradict each other. */
const mergeTwice = (name: string, first: string, second: string): string =>
  name === 'tracestate' ? `${first},${second}` : '';

/** Names by their length: most headers of a request are passed over by one look. */
type Lookup = readonly (readonly string[] | undefined)[];

const createLookup = (fields: ReadonlySet<string>): Lookup => {
  const lookup: string[][] = [];
  for (const field of fields) {
    const sameLength = lookup[field.length] ?? [];
    lookup[field.length] = sameLength;
    sameLength.push(field);
  }
  return lookup;
};

const find = (raw: string, lookup: Lookup): string | undefined => {
  const names = lookup[raw.length];
  if (names === undefined) return undefined;
  const first = raw.charCodeAt(0) | 0x20;
  for (const name of names) {
    if (name.charCodeAt(0) === first && name === raw.toLowerCase()) return name;
  }
  return undefined;
};

/** The headers that are looked for. */
const collect = (rawHeaders: readonly string[], lookup: Lookup): Carrier | undefined => {
  let carrier: Map<string, string> | undefined;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = find(rawHeaders[i] ?? '', lookup);
    if (name === undefined) continue;
    const value = rawHeaders[i + 1] ?? '';
    carrier ??= new Map();
    const before = carrier.get(name);
    carrier.set(name, before === undefined ? value : mergeTwice(name, before, value));
  }
  return carrier;
};
