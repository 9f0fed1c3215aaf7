import type { HeaderChange } from '../model/filter.ts';

/**
 * What a rule changes of the fields of a message: lines of these names are taken out, and those lines come in at the end.
 * Fields are flat lists: name, value, name, value …
 */
export interface HeaderEdit {
  /** In lower case. */
  readonly drops: ReadonlySet<string>;
  readonly adds: readonly string[];
}

/** `set` replaces every line of its name, `add` comes behind those that are there (Gateway API, HTTPHeaderFilter). */
export const compileHeaderChange = ({ set, add, remove }: HeaderChange): HeaderEdit => ({
  drops: new Set([...set.map(([name]) => name), ...remove].map(name => name.toLowerCase())),
  adds: [...set, ...add].flat(),
});

/** One after the other, as one. */
export const joinEdits = (first: HeaderEdit | undefined, then: HeaderEdit): HeaderEdit =>
  first === undefined
    ? then
    : {
        drops: new Set([...first.drops, ...then.drops]),
        adds: [...without(first.adds, then.drops), ...then.adds],
      };

export const editFields = (fields: readonly string[], { drops, adds }: HeaderEdit): string[] => [
  ...without(fields, drops),
  ...adds,
];

const without = (fields: readonly string[], names: ReadonlySet<string>): string[] =>
  fields.filter((_, i) => !names.has((fields[i & ~1] as string).toLowerCase()));

/**
 * Fields that no rule changes: those of one connection (RFC 9110, 7.6.1), what frames a message or says where it goes,
 * and what the hops need to find a loop, a trace or a request again. `Host` is changed by a rewrite.
 */
const KEPT: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'sluice-failed',
  'te',
  'traceparent',
  'tracestate',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
  'x-request-id',
]);

/** RFC 9110, 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/;

/** Whether a rule may set, add or remove a field of this name. Whoever reads rules refuses other names. */
export const isChangeable = (name: string): boolean =>
  // CGI, WSGI and their kin take `_` for `-`.
  TOKEN.test(name) && !KEPT.has(name.toLowerCase().replaceAll('_', '-'));

/** Whether a field may be sent with this value: visible ASCII, with blanks in between. */
export const isFieldValue = (value: string): boolean => /^[!-~]+(?:[\t ]+[!-~]+)*$/.test(value);
