import { RateLimit } from '../limit/rate-limit.ts';
import type { Auth, Filter, PathChange } from '../model/filter.ts';
import type { Match } from '../model/match.ts';
import type { Backend } from '../model/rule.ts';
import type { Shared } from '../split/draw.ts';
import { compileAccess, type MayPass } from './access.ts';
import { type CompiledAuth, compileAuth } from './auth.ts';
import { type CompiledCors, compileCors } from './cors.ts';
import { compileHeaderChange, type HeaderEdit, joinEdits } from './header-change.ts';
import type { Redirect } from './redirect.ts';
import { compileSide, type Side } from './side.ts';

/** What becomes of a request on its way to the upstream. */
export interface RequestChange {
  readonly headers: HeaderEdit | undefined;
  /** For `Host`. */
  readonly hostname: string | undefined;
  readonly path: PathChange | undefined;
  /** The prefix by which the rule is found; empty where it is found by an expression. */
  readonly matched: string;
}

/** A copy of the request that goes to another service as well. */
export interface Mirror extends Shared {
  readonly to: Side;
  /** Of the requests, in [0, 1]. */
  readonly share: number;
  /** What the filters before it have changed. */
  readonly request: RequestChange | undefined;
}

/** All filters of a rule (and of the backend that was picked), ready for requests; undefined for what is not there. */
export interface CompiledFilters {
  readonly access: MayPass | undefined;
  readonly limits: readonly RateLimit[] | undefined;
  readonly cors: CompiledCors | undefined;
  readonly redirect: Redirect | undefined;
  /** Asked once the rule itself has let the request pass, before anybody is picked for it. */
  readonly auth: CompiledAuth | undefined;
  readonly request: RequestChange | undefined;
  readonly response: HeaderEdit | undefined;
  readonly mirrors: readonly Mirror[] | undefined;
  /** As in the change of the request. */
  readonly matched: string;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A rule, or one of its backends. */
export interface Filtered {
  readonly filters?: readonly Filter[];
  /** Whom the `mirror` filters copy to, in their order. */
  readonly mirrors?: readonly Backend[];
  /** Whom the `auth` filter asks. */
  readonly auth?: Backend;
}

/**
 * Once for each table. Of filters that can be there but once the last holds, so that those of a backend, which come
 * behind those of its rule, outweigh them; changes of headers add up.
 *
 * @param id of the rule
 * @param place among its backends, where they are those of one
 * @returns undefined where there are none
 */
export const compileFilters = (
  id: string,
  match: Match,
  filtered: readonly Filtered[],
  place?: number,
): CompiledFilters | undefined => {
  const filters = filtered.flatMap(each => each.filters ?? []);
  if (filters.length === 0) return undefined;
  const mirrors = filtered
    .flatMap(each => each.mirrors ?? [])
    .map((each, i) => compileSide(id, each, `${id}\n${place ?? ''}\nmirror ${i}`));
  const compiled: Mutable<CompiledFilters> = {
    access: undefined,
    limits: undefined,
    cors: undefined,
    redirect: undefined,
    auth: undefined,
    request: undefined,
    response: undefined,
    mirrors: undefined,
    matched: match.kind === 'regex' ? '' : match.path,
  };
  const judge = filtered.find(each => each.auth !== undefined)?.auth;
  for (const filter of filters) {
    if (filter.type === 'auth') compiled.auth = compileAuth(id, filter, judge);
    else add(id, compiled, filter, mirrors);
  }
  return compiled;
};

/** @param mirrors those that no filter has taken yet */
const add = (
  id: string,
  compiled: Mutable<CompiledFilters>,
  filter: Exclude<Filter, Auth>,
  mirrors: Side[],
): void => {
  const { matched } = compiled;
  const request = compiled.request ?? { headers: undefined, hostname: undefined, path: undefined, matched };
  switch (filter.type) {
    case 'access':
      compiled.access = both(compiled.access, compileAccess(filter));
      break;
    case 'rate-limit':
      compiled.limits = [...(compiled.limits ?? []), new RateLimit(id, filter)];
      break;
    case 'cors':
      compiled.cors = compileCors(filter.cors);
      break;
    case 'redirect':
      compiled.redirect = filter;
      break;
    case 'request-headers':
      compiled.request = {
        ...request,
        headers: joinEdits(request.headers, compileHeaderChange(filter.change)),
      };
      break;
    case 'response-headers':
      compiled.response = joinEdits(compiled.response, compileHeaderChange(filter.change));
      break;
    case 'rewrite':
      compiled.request = {
        ...request,
        hostname: filter.hostname ?? request.hostname,
        path: filter.path ?? request.path,
      };
      break;
    case 'mirror': {
      const to = mirrors.shift();
      if (to === undefined) break;
      const sequenceKey = `${to.sequenceKey}\nshare`;
      const mirror = { to, share: filter.share, request: compiled.request, sequenceKey, sequence: undefined };
      compiled.mirrors = [...(compiled.mirrors ?? []), mirror];
      break;
    }
  }
};

const both = (first: MayPass | undefined, then: MayPass): MayPass =>
  first === undefined
    ? then
    : (address, forwardedFor) => first(address, forwardedFor) && then(address, forwardedFor);
