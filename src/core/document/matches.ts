import type { Match, PathKind, ValueMatch } from '../model/match.ts';
import { normalisePath } from '../path.ts';
import { faultOf } from '../regex/expression.ts';
import type { Field } from './field.ts';
import { readHeaderName, readHeaderValue } from './names.ts';

/** One entry of `matches`, for whichever host. */
export type HostlessMatch = Omit<Match, 'host'>;

/** What a rule without `matches` matches: everything. */
export const MATCH_ALL: HostlessMatch = { kind: 'prefix', path: '/' };

const KINDS = { Exact: 'exact', PathPrefix: 'prefix', RegularExpression: 'regex' } as const satisfies Record<
  string,
  PathKind
>;

const EXPRESSION = 'a regular expression (RE2)';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'] as const;

/** HTTPRouteMatch. */
export const readMatch = (field: Field): HostlessMatch => {
  const of = field.object('path', 'headers', 'queryParams', 'method');
  const path = of.path === undefined ? MATCH_ALL : readPath(of.path);
  const method = of.method?.oneOf(...METHODS);
  const headers = of.headers === undefined ? [] : readHeaderMatches(of.headers);
  const query = of.queryParams === undefined ? [] : readQueryMatches(of.queryParams);
  return {
    ...path,
    ...(method === undefined ? {} : { method }),
    ...(headers.length === 0 ? {} : { headers }),
    ...(query.length === 0 ? {} : { query }),
  };
};

/** HTTPPathMatch. */
const readPath = (field: Field): { readonly kind: PathKind; readonly path: string } => {
  const of = field.object('type', 'value');
  const type =
    of.type === undefined ? 'PathPrefix' : of.type.oneOf('Exact', 'PathPrefix', 'RegularExpression');
  const kind = KINDS[type ?? 'PathPrefix'];
  if (of.value === undefined) return { kind, path: '/' };
  if (kind === 'regex') {
    return {
      kind,
      path: checkExpression(of.value, of.value.text({ most: 1024, expected: EXPRESSION })) ?? '/',
    };
  }
  const path = readPathValue(of.value) ?? '/';
  return { kind, path: kind === 'prefix' && path !== '/' ? path.replace(/\/$/, '') : path };
};

/** Of Exact and PathPrefix, and of whatever replaces a path: as requests' paths are compared (core/path.ts). */
export const readPathValue = (field: Field): string | undefined => {
  const path = field.text({ most: 1024, expected: 'a path, e.g. /orders' });
  if (path === undefined) return undefined;
  if (!path.startsWith('/'))
    return field.error(`expected a path that begins with "/", not ${JSON.stringify(path)}`);
  const wrong = ['//', '/./', '/../', '%2f', '%2F', '#'].find(part => path.includes(part));
  if (wrong !== undefined) return field.error(`a path must not contain "${wrong}"`);
  const ending = ['/..', '/.'].find(part => path.endsWith(part));
  if (ending !== undefined) return field.error(`a path must not end in "${ending}"`);
  const strange = /[^-A-Za-z0-9/._~!$&'()*+,;=:@%]|%(?![0-9a-fA-F]{2})/.exec(path)?.[0];
  if (strange !== undefined) {
    return field.error(
      `a path must not contain ${JSON.stringify(strange)}; percent-encode it, e.g. %20 for a blank`,
    );
  }
  return normalisePath(path) ?? field.error('expected a path that does not climb above its root');
};

const readHeaderMatches = (field: Field): ValueMatch[] =>
  readValueMatches(field, readHeaderMatch, name => name.toLowerCase());

const readQueryMatches = (field: Field): ValueMatch[] =>
  readValueMatches(field, readQueryMatch, name => name);

/**
 * Each name counts once: the same name twice is refused, and of names that are equivalent the first one counts.
 *
 * @param toKey equivalent names have the same
 */
const readValueMatches = (
  field: Field,
  read: (item: Field) => ValueMatch | undefined,
  toKey: (name: string) => string,
): ValueMatch[] => {
  const seen = new Map<string, string>();
  const matches: ValueMatch[] = [];
  for (const item of field.list(16)) {
    const match = read(item);
    if (match === undefined) continue;
    const key = toKey(match.name);
    const before = seen.get(key);
    if (before === match.name) item.error(`"${match.name}" is matched twice; keep one of the two`);
    else if (before !== undefined) {
      item.report('note', `"${match.name}" has no effect: "${before}" before it is the same header`);
    } else {
      seen.set(key, match.name);
      matches.push({ ...match, name: key });
    }
  }
  return matches;
};

/** HTTPHeaderMatch. */
const readHeaderMatch = (field: Field): ValueMatch | undefined => {
  const of = field.object('type', 'name', 'value');
  const kind = readKind(of.type);
  const name = of.name === undefined ? field.missing('name', 'of the header') : readHeaderName(of.name);
  const value =
    of.value === undefined ? field.missing('value', 'that the header has') : readHeaderValue(of.value);
  return toValueMatch(of.value, name, kind, value);
};

/** HTTPQueryParamMatch. */
const readQueryMatch = (field: Field): ValueMatch | undefined => {
  const of = field.object('type', 'name', 'value');
  const kind = readKind(of.type);
  const name = of.name === undefined ? field.missing('name', 'of the parameter') : readHeaderName(of.name);
  const value =
    of.value === undefined
      ? field.missing('value', 'that the parameter has')
      : of.value.text({ most: 1024, expected: 'the value of a parameter' });
  return toValueMatch(of.value, name, kind, value);
};

const toValueMatch = (
  field: Field | undefined,
  name: string | undefined,
  kind: 'exact' | 'regex' | undefined,
  given: string | undefined,
): ValueMatch | undefined => {
  const value = kind === 'regex' ? checkExpression(field, given) : given;
  return kind === undefined || name === undefined || value === undefined ? undefined : { name, kind, value };
};

/** Gives it back where it can be compiled. */
const checkExpression = (field: Field | undefined, expression: string | undefined): string | undefined => {
  const fault = expression === undefined ? undefined : faultOf(expression);
  return fault === undefined ? expression : field?.error(`expected ${EXPRESSION}: ${fault}`);
};

const readKind = (type: Field | undefined): 'exact' | 'regex' | undefined => {
  const found = type === undefined ? 'Exact' : type.oneOf('Exact', 'RegularExpression');
  return found === undefined ? undefined : found === 'Exact' ? 'exact' : 'regex';
};
