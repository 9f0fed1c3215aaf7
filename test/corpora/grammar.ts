import { METHODS } from 'node:http';

/** A request as RFC 9112 reads it. */
export interface ReadRequest {
  readonly method: string;
  readonly target: string;
  /** Of the first `Host`; empty where there is none. */
  readonly host: string;
  /** Bytes, without the chunked coding. */
  readonly bodyLength: number;
  /** Why a server may refuse it although the grammar has it; undefined where it may not. */
  readonly mayBeRefused: string | undefined;
  /** Nothing of what follows on the connection has to be answered. */
  readonly isLast: boolean;
}

/** A connection's bytes, as far as they follow the grammar to the letter. */
export interface Reading {
  readonly requests: readonly ReadRequest[];
  /** What is behind those: nothing, the beginning of another, or bytes that are none. */
  readonly rest: 'nothing' | 'incomplete' | 'invalid';
}

/**
 * Judges by the letter of RFC 9112 and RFC 3986, and by nothing of the product: no leniency at all, since what one forgives
 * another reads differently.
 *
 * @param text one character a byte
 */
export const readConnection = (text: string): Reading => {
  const requests: ReadRequest[] = [];
  // 2.2: a server should ignore one empty line before a request.
  let at = text.startsWith('\r\n') ? 2 : 0;
  while (at < text.length) {
    const read = readRequest(text, at);
    if (typeof read === 'string') return { requests, rest: read };
    requests.push(read.request);
    at = read.end;
  }
  return { requests, rest: 'nothing' };
};

type Fault = 'incomplete' | 'invalid';

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const REQUEST_LINE = new RegExp(`^(${TOKEN}) ([\\x21-\\x7e]+) HTTP/(\\d)\\.(\\d)$`);
const FIELD_LINE = new RegExp(
  `^(${TOKEN}):[\\t ]*((?:[\\x21-\\x7e\\x80-\\xff](?:[\\t\\x20-\\x7e\\x80-\\xff]*[\\x21-\\x7e\\x80-\\xff])?)?)[\\t ]*$`,
);

const readRequest = (text: string, at: number): { request: ReadRequest; end: number } | Fault => {
  const blank = text.indexOf('\r\n\r\n', at);
  if (blank < 0) return areLinesSound(text.slice(at)) ? 'incomplete' : 'invalid';
  const [first = '', ...lines] = text.slice(at, blank).split('\r\n');
  const [, method = '', target = '', major = '', minor = ''] = REQUEST_LINE.exec(first) ?? [];
  if (method === '') return 'invalid';
  const fields: [string, string, string][] = [];
  for (const line of lines) {
    const [, name = '', value = ''] = FIELD_LINE.exec(line) ?? [];
    if (name === '') return 'invalid';
    fields.push([name.toLowerCase(), value, line]);
  }
  const head: Head = { method, target, version: `${major}.${minor}`, fields };
  if (!isTarget(method, target) || !areHostsSound(head)) return 'invalid';
  const body = readBody(head, text, blank + 4);
  if (typeof body === 'string') return body;
  const mayBeRefused = REASONS.find(([, applies]) => applies(head))?.[0];
  const [host = ''] = valuesOf(head, 'host');
  const request = { method, target, host, bodyLength: body.length, mayBeRefused, isLast: isLast(head) };
  return { request, end: body.end };
};

interface Head {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly fields: readonly (readonly [name: string, value: string, raw: string])[];
}

const valuesOf = ({ fields }: Head, name: string): string[] =>
  fields.filter(field => field[0] === name).map(field => field[1]);

const listOf = (head: Head, name: string): string[] =>
  valuesOf(head, name)
    .flatMap(value => value.split(','))
    .map(each => each.trim().toLowerCase())
    .filter(each => each !== '');

/** Whether lines that are not all there may still become a head. */
const areLinesSound = (text: string): boolean => {
  const [first = '', ...lines] = text.split('\r\n');
  lines.pop();
  return (
    (!text.includes('\r\n') || REQUEST_LINE.test(first)) &&
    lines.every(line => FIELD_LINE.test(line)) &&
    !/[^\r]\n|^\n|\r[^\n]/.test(text)
  );
};

// RFC 3986.
const PCHAR = "(?:[A-Za-z0-9\\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})";
const REG_NAME = "(?:[A-Za-z0-9\\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*";
const HOST = `(?:\\[[0-9A-Fa-f:.]+\\]|\\[v[0-9A-Fa-f]+\\.[^\\]]+\\]|${REG_NAME})(?::\\d*)?`;
const ORIGIN_FORM = new RegExp(`^(?:/${PCHAR}*)+(?:\\?(?:${PCHAR}|[/?])*)?$`);
const ABSOLUTE_FORM = new RegExp(`^https?://(${HOST})(?:/${PCHAR}*)*(?:\\?(?:${PCHAR}|[/?])*)?$`, 'i');
const AUTHORITY_FORM = new RegExp(`^${REG_NAME}:\\d+$`);
const IS_HOST = new RegExp(`^${HOST}$`);

const isTarget = (method: string, target: string): boolean => {
  if (method === 'CONNECT') return AUTHORITY_FORM.test(target);
  if (target === '*') return method === 'OPTIONS';
  return ORIGIN_FORM.test(target) || ABSOLUTE_FORM.test(target);
};

const areHostsSound = (head: Head): boolean => {
  const hosts = valuesOf(head, 'host');
  if (hosts.length > 1 || !hosts.every(host => IS_HOST.test(host))) return false;
  return hosts.length === 1 || head.version === '1.0';
};

/** Method, host and version of what follows the end of the body, and how long that is. */
const readBody = (head: Head, text: string, at: number): { length: number; end: number } | Fault => {
  const codings = valuesOf(head, 'transfer-encoding');
  const lengths = valuesOf(head, 'content-length');
  if (codings.length > 0) {
    // 6.1 and 6.3: what a length says besides ought to be an error; chunked comes last, and once.
    if (lengths.length > 0 || head.version === '1.0') return 'invalid';
    const list = listOf(head, 'transfer-encoding');
    if (list.at(-1) !== 'chunked' || list.filter(each => each === 'chunked').length > 1) return 'invalid';
    if (
      !codings
        .join(',')
        .split(',')
        .every(each => new RegExp(`^[\\t ]*${TOKEN}[\\t ]*(?:;.*)?$`).test(each))
    )
      return 'invalid';
    return readChunks(text, at);
  }
  if (lengths.length === 0) return { length: 0, end: at };
  // RFC 9110, 8.6: several equal ones may be taken for one, and may be refused.
  if (lengths.length > 1 || !/^\d+$/.test(lengths[0] ?? '')) return 'invalid';
  const length = Number(lengths[0]);
  if (length > Number.MAX_SAFE_INTEGER) return 'invalid';
  return text.length - at < length ? 'incomplete' : { length, end: at + length };
};

const EXTENSION = `[\\t ]*;[\\t ]*${TOKEN}(?:[\\t ]*=[\\t ]*(?:${TOKEN}|"(?:[^"\\\\\\r\\n]|\\\\.)*"))?`;
const CHUNK_SIZE = new RegExp(`([0-9A-Fa-f]+)(?:${EXTENSION})*\\r\\n`, 'y');
const BEGINNING_OF_SIZE = /^[0-9A-Fa-f]*(?:[\t ]*;[\t\x20-\x7e\x80-\xff]*)?\r?$/;

const readChunks = (text: string, from: number): { length: number; end: number } | Fault => {
  let at = from;
  let length = 0;
  for (;;) {
    CHUNK_SIZE.lastIndex = at;
    const found = CHUNK_SIZE.exec(text);
    if (found === null) return BEGINNING_OF_SIZE.test(text.slice(at)) ? 'incomplete' : 'invalid';
    const size = Number.parseInt(found[1] ?? '', 16);
    if (size > Number.MAX_SAFE_INTEGER) return 'invalid';
    at = CHUNK_SIZE.lastIndex;
    if (size === 0) return readTrailers(text, at, length);
    if (text.length < at + size + 2) {
      const after = text.slice(at + size);
      return '\r\n'.startsWith(after) ? 'incomplete' : 'invalid';
    }
    if (text.slice(at + size, at + size + 2) !== '\r\n') return 'invalid';
    at += size + 2;
    length += size;
  }
};

const readTrailers = (
  text: string,
  from: number,
  length: number,
): { length: number; end: number } | Fault => {
  for (let at = from; ; ) {
    const end = text.indexOf('\r\n', at);
    if (end < 0) return /[\n\r][^\n]|^\n/.test(text.slice(at)) ? 'invalid' : 'incomplete';
    if (end === at) return { length, end: at + 2 };
    const [, name = ''] = FIELD_LINE.exec(text.slice(at, end)) ?? [];
    // RFC 9110, 6.5.1: never in a trailer.
    if (name === '' || /^(?:content-length|transfer-encoding|host)$/i.test(name)) return 'invalid';
    at = end + 2;
  }
};

const isLast = (head: Head): boolean => {
  const options = listOf(head, 'connection');
  if (head.version === '1.0') return !options.includes('keep-alive') || options.includes('close');
  return options.includes('close') || options.includes('upgrade');
};

const DNS_NAME =
  /^(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*\.?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

const authorityOf = (head: Head): string =>
  ABSOLUTE_FORM.exec(head.target)?.[1] ?? valuesOf(head, 'host')[0] ?? 'none.said';

/** What the grammar allows and a server need not serve, each with its reason; the first that applies counts. */
const REASONS: readonly (readonly [reason: string, applies: (head: Head) => boolean])[] = [
  [
    'a version other than 1.0 and 1.1 (RFC 9110, 15.6.6)',
    ({ version }) => version !== '1.0' && version !== '1.1',
  ],
  ['CONNECT: no tunnel (RFC 9110, 9.3.6)', ({ method }) => method === 'CONNECT'],
  ['TRACE: it would show what others must not see (RFC 9110, 9.3.8)', ({ method }) => method === 'TRACE'],
  ['a method that Node does not know (RFC 9110, 9.1: 501)', ({ method }) => !METHODS.includes(method)],
  [
    'a transfer coding besides chunked (RFC 9112, 6.1: 501)',
    head => listOf(head, 'transfer-encoding').length > 1,
  ],
  [
    'an expectation that is none (RFC 9110, 10.1.1: 417)',
    head => valuesOf(head, 'expect').some(each => each.toLowerCase() !== '100-continue'),
  ],
  ['a host that is no name of DNS', head => !DNS_NAME.test(authorityOf(head))],
  ['a port that is none', head => Number(/:(\d+)$/.exec(authorityOf(head))?.[1] ?? 0) > 65_535],
  ['a path above the root', ({ target }) => climbs(target)],
  ['an escaped NUL', ({ target }) => /^[^?]*%00/.test(target)],
  [
    'a tab behind what frames the body: not every parser takes it off',
    ({ fields }) =>
      fields.some(
        ([name, , raw]) => /^(?:transfer-encoding|content-length)$/.test(name) && /\t[\t ]*$/.test(raw),
      ),
  ],
  [
    'more than the limits allow (431, 414)',
    ({ target, fields }) =>
      target.length > 8_192 ||
      fields.length > 200 ||
      target.length + fields.map(([, , line]) => line).join('..').length > 32_000,
  ],
];

const climbs = (target: string): boolean => {
  let depth = 0;
  const path = target
    .replace(/^https?:\/\/[^/?]*/i, '')
    .replace(/\?.*/, '')
    .replace(/%2e/gi, '.');
  for (const segment of path.split('/').slice(1)) {
    if (segment === '..') depth -= 1;
    else if (segment !== '.') depth += 1;
    if (depth < 0) return true;
  }
  return false;
};
