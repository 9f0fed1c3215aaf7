import type { Filter } from '../model/filter.ts';
import type { Instance } from '../model/instance.ts';
import type { Match } from '../model/match.ts';
import type { Target } from '../model/rule.ts';
import { ruleId } from '../model/rule-id.ts';
import type { ServiceWeights } from '../model/split.ts';
import type { TagRule } from '../tags/dialect.ts';
import { speechOf } from './speech.ts';
import { newestFirst, type Tagged } from './tagged.ts';

/** An instance with one of the rules that its tags ask for. */
export interface Carrier extends Tagged {
  readonly asks: TagRule;
}

/** The part of one service in a match that others may share. */
export interface SharedPart {
  readonly service: string;
  readonly live: readonly Carrier[];
  readonly stored: ServiceWeights | undefined;
}

export interface CarriedMatch {
  readonly match: Match;
  readonly carriers: readonly Carrier[];
}

/** Who carries what. Where two dialects ask for one match, an instance serves it once, as the first has it. */
export const byMatch = (instances: readonly Tagged[]): CarriedMatch[] => {
  const matches = new Map<string, { match: Match; carriers: Carrier[] }>();
  for (const tagged of instances) {
    for (const asks of tagged.tags.rules) {
      const id = ruleId(asks.match);
      const known = matches.get(id);
      if (known === undefined) matches.set(id, { match: asks.match, carriers: [carrierOf(tagged, asks)] });
      else if (known.carriers.at(-1)?.instance !== tagged.instance)
        known.carriers.push(carrierOf(tagged, asks));
    }
  }
  return [...matches.values()];
};

/** What is said for this rule stands before what is said for the whole instance. */
const carrierOf = ({ instance, tags }: Tagged, asks: TagRule): Carrier => ({
  instance,
  tags: asks.settings === undefined ? tags : { ...tags, settings: { ...tags.settings, ...asks.settings } },
  asks,
});

/** The instance as its rule uses it. */
export const targetOf = ({ instance, tags, asks: { use = {} } }: Carrier): Target => {
  const { port = instance.port, protocol = tags.protocol, serverName = tags.serverName, ...how } = use;
  return {
    instance: port === instance.port ? instance : atPort(instance, port),
    version: tags.version,
    ...how,
    ...speechOf(instance, { protocol, serverName, host: use.host }),
  };
};

/** Another socket: its connections and its figures are its own. */
const atPort = (instance: Instance, port: number): Instance => ({
  ...instance,
  port,
  id: instance.id.replace(/:\d+$/, `:${port}`),
});

/**
 * Filters are the rule's: those of the newest instance hold for all. But as long as one of them wants requests judged, they
 * are: a deploy that forgot the tag opens nothing.
 */
export const filtersOf = (carriers: readonly Carrier[]): { readonly filters?: readonly Filter[] } => {
  const sorted = [...carriers].sort(newestFirst);
  const filters = sorted[0]?.asks.filters ?? [];
  const judging = sorted.flatMap(({ asks }) => asks.filters ?? []).find(isAuth);
  const all = judging === undefined || filters.some(isAuth) ? filters : [...filters, judging];
  return all.length === 0 ? {} : { filters: all };
};

const isAuth = ({ type }: Filter): boolean => type === 'auth';
