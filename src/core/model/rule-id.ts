import type { Match, ValueMatch } from './match.ts';

/**
 * A match as people read it, the same for the same match and for no other: `/orders/*` for a prefix, `/orders` for an
 * exact path, `^/orders` for a path by characters, `~/orders/[0-9]+` for an expression, with the host in front and the
 * conditions behind: `GET shop.example.com/orders/* x-tenant=acme ?beta=1`.
 */
export const ruleId = (match: Match): string => {
  const { host = '', method, headers = [], query = [] } = match;
  const place = `${host}${pathText(match)}`;
  return [
    ...(method === undefined ? [] : [method]),
    place,
    ...headers.map(condition => conditionText('', condition)).sort(),
    ...query.map(condition => conditionText('?', condition)).sort(),
    ...furtherText(match),
  ].join(' ');
};

/** `x-tenant=acme`, `x-tenant~[a-z]+`, `x-tenant`; of a query parameter with the mark `?`. */
export const conditionText = (mark: '' | '?', { name, kind, value }: ValueMatch): string =>
  `${mark}${quoted(name)}${kind === 'present' ? '' : kind === 'exact' ? '=' : '~'}${kind === 'present' ? '' : quoted(value)}`;

const pathText = ({ kind, path }: Match): string => {
  const text = quoted(path);
  if (kind === 'regex') return `~${text}`;
  // All paths begin with the root, by segments as well as by characters.
  if (path === '/' && kind !== 'exact') return '/*';
  if (kind === 'text') return `^${text}`;
  if (kind === 'prefix') return `${text}/*`;
  // Without the mark it would look like one of the others.
  return path.endsWith('*') ? `=${text}` : text;
};

/** No field of a request has a name that begins with a colon or holds a quotation mark. */
const furtherText = ({ hostRegex, scheme, addresses, also = [], unless = [], priority }: Match): string[] => [
  ...(hostRegex === undefined ? [] : [`:host~${quoted(hostRegex)}`]),
  ...(scheme === undefined ? [] : [`:scheme=${scheme}`]),
  ...(addresses === undefined ? [] : [`:address=${quoted([...addresses].sort().join())}`]),
  ...also.map(match => `&${JSON.stringify(ruleId(match))}`).sort(),
  ...unless.map(match => `!${JSON.stringify(ruleId(match))}`).sort(),
  ...(priority === undefined ? [] : [`:priority=${priority}`]),
];

/** As it is, unless it would run into what stands beside it. */
const quoted = (text: string): string => (/[\s"]/.test(text) ? JSON.stringify(text) : text);
