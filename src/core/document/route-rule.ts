import type { Filter } from '../model/filter.ts';
import { type Backend, readBackend } from './backends.ts';
import type { Field } from './field.ts';
import { NO_FILTERS, readFilters } from './filters.ts';
import { type HostlessMatch, MATCH_ALL, readMatch } from './matches.ts';
import { readSubdomain } from './names.ts';
import {
  type RetryPolicy,
  readRetry,
  readSession,
  readTimeouts,
  type Session,
  type Timeouts,
} from './traffic.ts';

/** One entry of `spec.rules`. */
export interface RouteRule {
  readonly name?: string;
  /** A request that fits one of these fits the rule. */
  readonly matches: readonly HostlessMatch[];
  readonly filters: readonly Filter[];
  /** Empty where nothing can be forwarded: unless a filter answers, requests are answered 500. */
  readonly backends: readonly Backend[];
  readonly timeouts?: Timeouts;
  readonly retry?: RetryPolicy;
  readonly session?: Session;
}

/** HTTPRouteRule. */
export const readRule = (field: Field): RouteRule => {
  const of = field.object(
    'name',
    'matches',
    'filters',
    'backendRefs',
    'timeouts',
    'retry',
    'sessionPersistence',
  );
  const name = of.name === undefined ? undefined : readSubdomain(of.name);
  const given = of.matches?.list(64).map(readMatch) ?? [];
  const matches = given.length === 0 ? [MATCH_ALL] : given;
  const { filters, isUnserved, ofPrefix } =
    of.filters === undefined ? NO_FILTERS : readFilters(of.filters, 'rule');
  const backends = (of.backendRefs?.list(16) ?? []).flatMap(item => readBackend(item) ?? []);
  const timeouts = of.timeouts === undefined ? undefined : readTimeouts(of.timeouts);
  const retry = of.retry === undefined ? undefined : readRetry(of.retry);
  const session = of.sessionPersistence === undefined ? undefined : readSession(of.sessionPersistence);

  const redirects = filters.some(({ type }) => type === 'redirect');
  if (redirects && backends.length > 0) {
    of.backendRefs?.error(
      'a rule that redirects forwards nothing: take out backendRefs, or the RequestRedirect',
    );
  }
  if (!redirects && !isUnserved && backends.length === 0) {
    field.report('unserved', 'no backendRefs and no redirect: requests are answered 500');
  }
  if (matches.length !== 1 || matches[0]?.kind !== 'prefix') {
    for (const filter of [...ofPrefix, ...backends.flatMap(({ ofPrefix }) => ofPrefix)]) {
      filter.error('ReplacePrefixMatch needs a rule with exactly one match, and that of type PathPrefix');
    }
  }
  return {
    ...(name === undefined ? {} : { name }),
    matches,
    filters: isUnserved ? [] : filters,
    backends: isUnserved ? [] : backends.map(({ backend }) => backend),
    ...(timeouts === undefined ? {} : { timeouts }),
    ...(retry === undefined ? {} : { retry }),
    ...(session === undefined ? {} : { session }),
  };
};
