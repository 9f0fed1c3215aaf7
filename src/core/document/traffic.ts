import { isChangeable } from '../filters/header-change.ts';
import { readDuration } from './duration.ts';
import type { Field } from './field.ts';
import { readHeaderName } from './names.ts';

/** HTTPRouteTimeouts, in milliseconds; 0 is none at all. */
export interface Timeouts {
  /** Over all attempts. */
  readonly request?: number;
  /** For each attempt. */
  readonly backendRequest?: number;
}

/** HTTPRouteRetry. */
export interface RetryPolicy {
  /** Answers after which another attempt follows, besides broken connections and timeouts of an attempt. */
  readonly codes?: readonly number[];
  /** Attempts after the first. */
  readonly attempts?: number;
  /** At least so many milliseconds before each of them. */
  readonly backoff?: number;
}

/** SessionPersistence: requests of one session go to one instance. */
export interface Session {
  readonly by: 'cookie' | 'header';
  /** Of a header in lower case; a cookie without one gets one of its rule. */
  readonly name?: string;
  /** What a cookie is good for. */
  readonly path?: string;
  /** A cookie outlives the browser; it lasts for `absoluteTimeout`. */
  readonly isPermanent?: true;
  /** Milliseconds after which the session ends. */
  readonly absoluteTimeout?: number;
  /** Milliseconds without a request after which it ends. */
  readonly idleTimeout?: number;
}

export const readTimeouts = (field: Field): Timeouts => {
  const of = field.object('request', 'backendRequest');
  const request = of.request === undefined ? undefined : readDuration(of.request);
  const backendRequest = of.backendRequest === undefined ? undefined : readDuration(of.backendRequest);
  if (request !== undefined && request > 0 && backendRequest !== undefined && backendRequest > request) {
    of.backendRequest?.error('must not be longer than the timeout of the whole request');
  }
  return {
    ...(request === undefined ? {} : { request }),
    ...(backendRequest === undefined ? {} : { backendRequest }),
  };
};

export const readRetry = (field: Field): RetryPolicy => {
  const of = field.object('codes', 'attempts', 'backoff');
  const codes = of.codes?.list(200).flatMap(item => item.integer(400, 599) ?? []);
  const attempts = of.attempts?.integer(1, 2 ** 31 - 1);
  const backoff = of.backoff === undefined ? undefined : readDuration(of.backoff);
  return {
    ...(codes === undefined ? {} : { codes: [...new Set(codes)] }),
    ...(attempts === undefined ? {} : { attempts }),
    ...(backoff === undefined ? {} : { backoff }),
  };
};

const COOKIE_NAME = {
  most: 256,
  pattern: /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/,
  expected: 'the name of a cookie, e.g. session',
} as const;

type Limits = Pick<Session, 'absoluteTimeout' | 'idleTimeout'>;

/** A time of 0 is none, as with other timeouts of the specification. */
const readLimits = (of: Partial<Record<keyof Limits, Field>>): Limits => {
  const absoluteTimeout = of.absoluteTimeout && readDuration(of.absoluteTimeout);
  const idleTimeout = of.idleTimeout && readDuration(of.idleTimeout);
  return { ...(absoluteTimeout ? { absoluteTimeout } : {}), ...(idleTimeout ? { idleTimeout } : {}) };
};

const readSessionHeader = (field: Field): string | undefined => {
  const name = readHeaderName(field);
  if (name === undefined || isChangeable(name)) return name;
  return field.error(`"${name}" is the gateway's own to write and can't tell sessions apart`);
};

/** Both shapes that there are: of v1.6 and before (sessionName, cookieConfig), and after (cookie, header). */
export const readSession = (field: Field): Session | undefined => {
  const of = field.object(
    'type',
    'cookie',
    'header',
    'absoluteTimeout',
    'sessionName',
    'cookieConfig',
    'idleTimeout',
  );
  const type = of.type === undefined ? 'Cookie' : of.type.oneOf('Cookie', 'Header');
  const limits = readLimits(of);
  if (of.sessionName !== undefined)
    (of.cookie ?? of.header)?.error('does not go with sessionName, which is the older shape');
  if (type === undefined) return undefined;
  if (type === 'Header') {
    of.cookie?.error('does not go with type Header');
    of.cookieConfig?.error('does not go with type Header');
    const given = of.sessionName ?? of.header?.object('name').name;
    const name =
      given === undefined ? (of.header ?? field).missing('name', 'of the header') : readSessionHeader(given);
    return { by: 'header', ...(name === undefined ? {} : { name: name.toLowerCase() }), ...limits };
  }
  of.header?.error('does not go with type Cookie');
  const cookie: Partial<Record<'name' | 'path' | 'lifetimeType', Field>> =
    of.cookie?.object('name', 'path', 'lifetimeType') ?? of.cookieConfig?.object('lifetimeType') ?? {};
  const name = (of.sessionName ?? cookie.name)?.text(COOKIE_NAME);
  const path = cookie.path?.text({
    most: 1024,
    pattern: /^\/[!-:<-~]*$/,
    expected: 'a path that begins with "/"',
  });
  const isPermanent = cookie.lifetimeType?.oneOf('Session', 'Permanent') === 'Permanent';
  if (isPermanent && of.absoluteTimeout === undefined) {
    field.missing('absoluteTimeout', 'a Permanent cookie needs it, e.g. 24h');
  }
  return {
    by: 'cookie',
    ...(name === undefined ? {} : { name }),
    ...(path === undefined ? {} : { path }),
    ...(isPermanent ? { isPermanent } : {}),
    ...limits,
  };
};
