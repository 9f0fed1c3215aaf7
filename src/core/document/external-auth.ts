import { isChangeable } from '../filters/header-change.ts';
import type { Auth } from '../model/filter.ts';
import { normalisePath } from '../path.ts';
import { readDuration } from './duration.ts';
import type { Field } from './field.ts';
import { readHeaderName } from './names.ts';
import { REFERENCE_FIELDS, readReference } from './reference.ts';

/**
 * HTTPExternalAuthFilter (experimental channel; GEP-1494). `timeout` and `failOpen` are Sluice's own. Any 2xx lets pass, not
 * 200 alone.
 *
 * @returns undefined where nobody can be asked as it wants: then nothing may be forwarded
 */
export const readExternalAuth = (field: Field): Auth | undefined => {
  const of = field.object('protocol', 'backendRef', 'http', 'grpc', 'forwardBody', 'timeout', 'failOpen');
  const protocol =
    of.protocol === undefined ? field.missing('protocol', 'HTTP') : of.protocol.oneOf('HTTP', 'GRPC');
  if (protocol === 'HTTP') of.grpc?.error('does not go with protocol HTTP');
  const forwarded = of.forwardBody?.object('maxSize').maxSize?.integer(0, 65_535) ?? 0;
  const how = readHow(of.http);
  const timeout = of.timeout && readDuration(of.timeout);
  const failsOpen = of.failOpen?.flag() === true;
  if (of.backendRef === undefined) return field.missing('backendRef', 'who judges the requests');
  const reference = readReference(of.backendRef, of.backendRef.object(...REFERENCE_FIELDS));
  if (protocol === undefined || reference === undefined) return undefined;
  const refused =
    protocol === 'GRPC'
      ? 'requests are judged over HTTP only (protocol: HTTP)'
      : forwarded > 0
        ? 'whoever judges is not sent the body: take out forwardBody'
        : 'unusable' in reference
          ? reference.unusable
          : undefined;
  if (refused !== undefined) field.report('unserved', `${refused}; until then requests are answered 500`);
  if (refused !== undefined || 'unusable' in reference) return undefined;
  return {
    type: 'auth',
    ...reference,
    ...how,
    asksFor: 'request-path',
    keepsMethod: true,
    ...(timeout ? { timeout } : {}),
    ...(failsOpen ? { failsOpen } : {}),
  };
};

/** HTTPAuthConfig. */
const readHow = (field: Field | undefined): Pick<Auth, 'path' | 'tells' | 'takes'> => {
  const of = field?.object('path', 'allowedHeaders', 'allowedResponseHeaders');
  const tells = readNames(of?.allowedHeaders);
  const takes = readNames(of?.allowedResponseHeaders, true);
  return {
    path: of?.path === undefined ? '' : readPrefix(of.path),
    tells,
    ...(takes.length === 0 ? {} : { takes }),
  };
};

/** What is put in front of the path of each request. */
const readPrefix = (field: Field): string => {
  const text = field.text({
    most: 1024,
    pattern: /^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})+$/,
    expected: 'a path, e.g. /verify',
  });
  if (text === undefined) return '';
  const path = normalisePath(text.startsWith('/') ? text : `/${text}`);
  return path === undefined ? (field.error('the path is malformed') ?? '') : path.replace(/\/+$/, '');
};

/** @param set they are set in the request */
const readNames = (field: Field | undefined, set = false): string[] =>
  (field?.list(64) ?? []).flatMap(item => {
    const name = readHeaderName(item);
    if (name === undefined) return [];
    if (set && !isChangeable(name))
      item.error(`"${name}" is the gateway's own to write and can't be taken over`);
    return [name.toLowerCase()];
  });
