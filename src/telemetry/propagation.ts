import { type Context, ROOT_CONTEXT, type TextMapPropagator } from '@opentelemetry/api';
import { B3InjectEncoding, B3Propagator } from '@opentelemetry/propagator-b3';
import { w3cPropagator } from './trace-context.ts';

/** How trace context enters and leaves over HTTP headers. */
export interface Propagation {
  /** Lower-case names of the headers that carry it, in any format that is read. */
  readonly fields: ReadonlySet<string>;
  /** @param rawHeaders name, value, name, value … exactly as received */
  extract(rawHeaders: readonly string[]): Context;
  /** @returns name, value, name, value … */
  inject(context: Context): string[];
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

const implementations: Record<PropagatorName, () => readonly TextMapPropagator[]> = {
  tracecontext: () => [w3cPropagator],
  // Baggage is the application's: like any other header it goes upstream exactly as it came.
  baggage: () => [],
  b3: () => [new B3Propagator({ injectEncoding: B3InjectEncoding.SINGLE_HEADER })],
  b3multi: () => [new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER })],
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
  const propagators = names.flatMap(name => implementations[name]());
  const readsB3 = names.includes('b3') || names.includes('b3multi');
  const fields = new Set([...propagators.flatMap(p => p.fields()), ...(readsB3 ? B3_FIELDS : [])]);
  const lengths = new Set([...fields].map(field => field.length));
  return {
    fields,
    extract: rawHeaders => {
      const carrier = collect(rawHeaders, fields, lengths);
      if (carrier === undefined) return ROOT_CONTEXT;
      return propagators.reduce((context, p) => p.extract(context, carrier, getter), ROOT_CONTEXT);
    },
    inject: context => {
      const headers: string[] = [];
      for (const propagator of propagators) propagator.inject(context, headers, setter);
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

/** The headers among `fields`. */
const collect = (
  rawHeaders: readonly string[],
  fields: ReadonlySet<string>,
  lengths: ReadonlySet<number>,
): Carrier | undefined => {
  let carrier: Map<string, string> | undefined;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const raw = rawHeaders[i] ?? '';
    if (!lengths.has(raw.length)) continue;
    const name = raw.toLowerCase();
    if (!fields.has(name)) continue;
    const value = rawHeaders[i + 1] ?? '';
    carrier ??= new Map();
    const before = carrier.get(name);
    carrier.set(name, before === undefined ? value : mergeTwice(name, before, value));
  }
  return carrier;
};
