import type { RouteRule } from '../core/document/route-rule.ts';
import type { RetryPolicy, Session, Timeouts } from '../core/document/traffic.ts';
import { hash32 } from '../core/hash.ts';
import type { Match } from '../core/model/match.ts';
import type { DocumentOrigin } from '../core/model/origin.ts';
import type { Problem } from '../core/model/quarantine.ts';
import type { RuleSettings } from '../core/model/traffic.ts';
import type { DocumentBackend, DocumentRule, Documents } from '../core/rules/document-rule.ts';
import type { Pace } from '../telemetry/pace.ts';
import type { Shelf, ShelfProblem, Shelved } from './shelf.ts';

/** Makes rules of one shelf after another: a route that stayed the same object keeps its rules. */
export interface RuleMaker {
  /** Does beforehand, in slices, what `of` takes long for where thousands of routes are new. */
  prepare(shelf: Shelf, pace: Pace): Promise<void>;
  of(shelf: Shelf): Documents;
}

export const createRuleMaker = (): RuleMaker => {
  const made = new WeakMap<Shelved, readonly DocumentRule[]>();
  const rulesOf = (shelved: Shelved): readonly DocumentRule[] => {
    const before = made.get(shelved);
    if (before !== undefined) return before;
    const rules = shelved.route.rules.flatMap((rule, index) => toRules(shelved, rule, index));
    made.set(shelved, rules);
    return rules;
  };
  return {
    prepare: async ({ routes }, pace) => {
      for (const shelved of routes) {
        rulesOf(shelved);
        await pace();
      }
    },
    of: ({ routes, problems }) => {
      const outdated = new Set(routes.filter(({ isOutdated }) => isOutdated).map(({ route }) => route.name));
      return {
        rules: routes.flatMap(rulesOf),
        problems: problems
          .filter(({ severity }) => severity !== 'note')
          .map(problem => toProblem(problem, outdated.has(problem.name ?? ''))),
      };
    },
  };
};

/** A rule for each host and each match. */
const toRules = (shelved: Shelved, rule: RouteRule, index: number): DocumentRule[] => {
  const origin = originOf(shelved, rule, index);
  const { filters } = rule;
  const shared = {
    origin,
    ...(filters.length === 0 ? {} : { filters }),
    backends: rule.backends.map(toBackend),
    ...settingsOf(rule, `${origin.name}/${index}`),
  };
  const { hostnames } = shelved.route;
  return rule.matches.flatMap((match): DocumentRule[] => {
    const matches: readonly Match[] =
      hostnames.length === 0 ? [match] : hostnames.map(host => ({ host, ...match }));
    return matches.map(match => ({ ...shared, match }));
  });
};

const originOf = (
  { source, line, route, createIndex }: Shelved,
  { name }: RouteRule,
  index: number,
): DocumentOrigin => ({
  from: 'document',
  name: route.name,
  index,
  ...(name === undefined ? {} : { rule: name }),
  place: `${source}:${line}`,
  ...(route.createdAt === undefined ? {} : { createdAt: route.createdAt }),
  ...(createIndex === undefined ? {} : { createIndex }),
});

const toBackend = ({ service, ...backend }: RouteRule['backends'][number]): DocumentBackend => ({
  service: service ?? NO_SERVICE,
  ...backend,
});

/** What no service can be called: Consul registers none without a name. */
const NO_SERVICE = '';

/** @param rule what tells it from all others: two rules must not share a session (GEP-1619) */
const settingsOf = ({ timeouts = {}, retry, session }: RouteRule, rule: string): RuleSettings => ({
  ...timeoutsOf(timeouts),
  ...(retry === undefined ? {} : retryOf(retry)),
  ...(session === undefined ? {} : sessionOf(session, rule)),
});

const timeoutsOf = ({ request, backendRequest }: Timeouts): RuleSettings => ({
  ...(request === undefined ? {} : { timeout: request }),
  ...(backendRequest === undefined ? {} : { tryTimeout: backendRequest }),
});

const retryOf = ({ attempts, ...retry }: RetryPolicy): RuleSettings => ({
  ...(attempts === undefined ? {} : { retries: attempts }),
  retry,
});

const sessionOf = ({ name, ...session }: Session, scope: string): RuleSettings => ({
  session: { name: name ?? `sluice-${hash32(scope).toString(36)}`, scope, ...session },
});

const toProblem = (
  { source, line, column, name, field, message }: ShelfProblem,
  isOutdated: boolean,
): Problem => ({
  kind: 'document',
  owner: name ?? source,
  place: `${source}:${line}:${column}`,
  subject: field ?? 'document',
  reason: isOutdated ? `${message} (until then its last good version is in force)` : message,
});
