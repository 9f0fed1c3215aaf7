import type { Filter, PathChange } from '../model/filter.ts';
import type { Field } from './field.ts';
import { readPathValue } from './matches.ts';
import { readPreciseHostname } from './names.ts';

const STATUSES = [301, 302, 303, 307, 308] as const;

/** HTTPRequestRedirectFilter. */
export const readRedirect = (field: Field): Filter => {
  const of = field.object('scheme', 'hostname', 'path', 'port', 'statusCode');
  const status = of.statusCode?.value ?? 302;
  const known = STATUSES.find(candidate => candidate === status);
  if (known === undefined) of.statusCode?.error(`expected one of ${STATUSES.join(', ')}`);
  const scheme = of.scheme?.oneOf('http', 'https');
  const hostname = of.hostname === undefined ? undefined : readPreciseHostname(of.hostname);
  const port = of.port?.integer(1, 65_535);
  const path = of.path === undefined ? undefined : readPathChange(of.path);
  return {
    type: 'redirect',
    status: known ?? 302,
    ...(scheme === undefined ? {} : { scheme }),
    ...(hostname === undefined ? {} : { hostname }),
    ...(port === undefined ? {} : { port }),
    ...(path === undefined ? {} : { path }),
  };
};

/** HTTPURLRewriteFilter. */
export const readRewrite = (field: Field): Filter => {
  const of = field.object('hostname', 'path');
  const hostname = of.hostname === undefined ? undefined : readPreciseHostname(of.hostname);
  const path = of.path === undefined ? undefined : readPathChange(of.path);
  return {
    type: 'rewrite',
    ...(hostname === undefined ? {} : { hostname }),
    ...(path === undefined ? {} : { path }),
  };
};

/** HTTPPathModifier. */
const readPathChange = (field: Field): PathChange | undefined => {
  const of = field.object('type', 'replaceFullPath', 'replacePrefixMatch');
  if (of.type === undefined) return field.missing('type', 'ReplaceFullPath or ReplacePrefixMatch');
  const type = of.type.oneOf('ReplaceFullPath', 'ReplacePrefixMatch');
  if (type === undefined) return undefined;
  const isFull = type === 'ReplaceFullPath';
  const [value, other] = isFull
    ? [of.replaceFullPath, of.replacePrefixMatch]
    : [of.replacePrefixMatch, of.replaceFullPath];
  other?.error(`does not go with type ${type}`);
  if (value === undefined) {
    return field.missing(isFull ? 'replaceFullPath' : 'replacePrefixMatch', `type ${type} needs it`);
  }
  // An empty prefix takes the matched one off; an empty path is the root.
  const text = value.value === '' ? '/' : readPathValue(value);
  return text === undefined ? undefined : { kind: isFull ? 'full' : 'prefix', value: text };
};
