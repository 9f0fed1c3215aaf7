import { isChangeable } from '../../filters/header-change.ts';
import type { Auth } from '../../model/filter.ts';
import type { TagProblem } from '../dialect.ts';
import { isToken, readPath } from '../spelling.ts';
import { fault, type TagReader, type TagsRead } from './reader.ts';

/** As Traefik and nginx ask: by GET, for one path, and with all that the client says. */
const readAuthTag: TagReader = (value, read) => {
  const at = value.indexOf('/');
  const service = at < 0 ? value : value.slice(0, at);
  const path = readPath(at < 0 ? '/' : value.slice(at));
  if (!isToken(service) || path === undefined || read.auth !== undefined) {
    read.hadBadGuard = true;
    return fault(
      read.auth === undefined
        ? 'auth is a service in Consul and a path, e.g. auth=sessions/verify; until it is, nobody is served by this instance'
        : 'requests are judged once: name one service; until then nobody is served by this instance',
    );
  }
  read.auth = { type: 'auth', service, path, asksFor: 'path' };
  return undefined;
};

/** Served without it, a client could say itself what the judge has left out. */
const readAuthFieldsTag: TagReader = (value, read) => {
  const names = value.split(',').map(name => name.trim().toLowerCase());
  if (!names.every(isChangeable)) {
    read.hadBadGuard = true;
    return fault(
      'auth-fields are names of headers, e.g. auth-fields=x-user,x-groups; until they are, nobody is served by this instance',
    );
  }
  for (const name of names) read.authFields.add(name);
  return undefined;
};

export const AUTH_TAG_READERS: readonly (readonly [string, TagReader])[] = [
  ['auth', readAuthTag],
  ['auth-fields', readAuthFieldsTag],
];

/** Who judges, by all tags of an instance together. */
export const authOf = ({ auth, authFields }: TagsRead): Auth[] =>
  auth === undefined ? [] : [authFields.size === 0 ? auth : { ...auth, takes: [...authFields] }];

/** @param tag that names the fields, where there is one */
export const authFault = ({ auth, hadBadGuard }: TagsRead, tag: string | undefined): TagProblem[] =>
  tag === undefined || auth !== undefined || hadBadGuard
    ? []
    : [{ tag, reason: 'nobody is named who says them: add auth=SERVICE/path', fatal: false }];
