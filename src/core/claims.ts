import { splitOf } from './backend.ts';
import { type Carried, disagreementsOf } from './disagreements.ts';
import {
  type Instance,
  isLive,
  type LivePolicy,
  type Match,
  type Problem,
  type ServiceState,
  type ServiceWeights,
  type Target,
} from './model.ts';
import { isPathPrefix } from './path.ts';
import { buildTagRule } from './rule.ts';
import { ruleId } from './rule-id.ts';
import type { Claim } from './settle.ts';
import { isSound, readTags, type Tagged } from './tagged.ts';
import type { ParsedTags } from './tags.ts';

/** How instances are read, the same for all of them. */
export interface ReadOptions {
  readonly policy: LivePolicy;
  /** What stands before each key of a tag, e.g. `sluice.`. */
  readonly tagPrefix: string;
}

/** All that one service says, and what follows from it alone. */
export interface ServiceClaims {
  /** What it was made from, by identity: the same objects make the same claims. */
  readonly instances: readonly Instance[];
  readonly stored: ServiceWeights | undefined;
  readonly state: ServiceState;
  /** Those that may be sent requests, whatever paths they carry. */
  readonly live: readonly Tagged[];
  readonly claims: readonly Claim[];
  readonly problems: readonly Problem[];
}

export const readClaims = (
  service: string,
  instances: readonly Instance[],
  stored: ServiceWeights | undefined,
  { policy, tagPrefix }: ReadOptions,
): ServiceClaims => {
  const isRouted = ({ instance }: Tagged): boolean => isLive(instance, policy);
  const all = instances.map(instance => readTags(instance, tagPrefix));
  const sound = all.filter(isSound);
  const live = sound.filter(isRouted);
  const state: ServiceState = {
    name: service,
    instances,
    split: splitOf(live, stored),
    ...(stored === undefined ? {} : { weights: stored }),
  };
  const carried = byMatch(sound).map(({ match, carriers: all }): Carried => {
    const carriers = all.filter(isRouted);
    const createIndex = Math.min(...all.map(({ instance }) => instance.createIndex));
    const toTarget = targetFor(match);
    return {
      rule: buildTagRule({ match, createIndex, service, live: carriers, stored, toTarget }),
      carriers,
    };
  });
  const claims = carried.map(({ rule, carriers }): Claim => ({ rule, isLive: carriers.length > 0 }));
  const problems = [...all.flatMap(problemsOf), ...disagreementsOf(service, live, carried)];
  return { instances, stored, state, live, claims, problems };
};

const problemsOf = ({ instance: { service, id }, tags }: Tagged): Problem[] =>
  tags.problems.map(({ tag, reason }) => ({
    kind: 'tag',
    owner: service,
    service,
    instance: id,
    subject: tag,
    reason,
  }));

const byMatch = (instances: readonly Tagged[]): { match: Match; carriers: Tagged[] }[] => {
  const matches = new Map<string, { match: Match; carriers: Tagged[] }>();
  for (const tagged of instances) {
    for (const match of tagged.tags.matches) {
      const id = ruleId(match);
      const known = matches.get(id);
      if (known === undefined) matches.set(id, { match, carriers: [tagged] });
      else known.carriers.push(tagged);
    }
  }
  return [...matches.values()];
};

/** A target of this match: what `strip` takes off may depend on what was matched. */
const targetFor =
  (match: Match) =>
  ({ instance, tags }: Tagged): Target => {
    const strip = stripFor(tags.strip, match);
    return { instance, version: tags.version, ...(strip === undefined ? {} : { strip }) };
  };

/** The part of a path that `strip` takes off for a match, or undefined where there is none. */
const stripFor = (strip: ParsedTags['strip'], match: Match): string | undefined => {
  const prefix = strip === true ? match.path : strip;
  if (prefix === undefined || prefix === '/') return undefined;
  return isPathPrefix(prefix, match.path) || isPathPrefix(match.path, prefix) ? prefix : undefined;
};
