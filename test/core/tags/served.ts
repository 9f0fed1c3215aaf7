import { compileRoutes, matchRoute } from '../../../src/core/match/match.ts';
import type { Instance } from '../../../src/core/model/instance.ts';
import type { Rule } from '../../../src/core/model/rule.ts';
import type { DialectName } from '../../../src/core/tags/dialect.ts';
import { type Asked, factsOf } from '../../support/facts.ts';
import { buildSnapshot, catalogOf, instance } from '../build.ts';

/** What becomes of a request: the services behind its rule, `shut` where it has a rule that nobody serves. */
export type Serve = (asked: Asked) => string | undefined;

/** An instance for each service, each with its tags. */
export const servedBy = (
  dialects: readonly DialectName[],
  tagged: Readonly<Record<string, readonly string[]>>,
): Serve =>
  serve(
    dialects,
    Object.entries(tagged).map(([service, tags]) => instance({ service, tags })),
  );

export const serve = (dialects: readonly DialectName[], instances: readonly Instance[]): Serve => {
  const rules = rulesOf(dialects, instances);
  const byId = new Map(rules.map(rule => [rule.id, rule]));
  const table = compileRoutes(rules);
  return asked => {
    const rule = byId.get(matchRoute(table, factsOf(asked))?.where.route ?? '');
    return rule && (servicesOf(rule) || 'shut');
  };
};

export const rulesOf = (dialects: readonly DialectName[], instances: readonly Instance[]): readonly Rule[] =>
  buildSnapshot({
    catalog: catalogOf(...instances),
    weights: new Map(),
    policy: 'passing-only',
    tagPrefix: '',
    dialects,
  }).rules;

const servicesOf = ({ backends }: Rule): string =>
  backends
    .filter(({ arms }) => arms.some(({ targets }) => targets.length > 0))
    .map(({ service }) => service)
    .join();
