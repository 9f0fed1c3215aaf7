import {
  type Arm,
  type Instance,
  isLive,
  type LivePolicy,
  type Match,
  type Quarantined,
  type Rule,
  type ServiceState,
  type ServiceWeights,
  type Target,
} from './model.ts';
import { computeSplit, type LiveVersion } from './split.ts';
import { type ParsedTags, parseTags, stripFor } from './tags.ts';

/** How instances are read, the same for all of them. */
export interface ReadingRules {
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
  readonly claims: readonly Claim[];
  readonly quarantine: readonly Quarantined[];
}

/** One match that a service asks for, with the rule that it becomes unless another service holds it. */
export interface Claim {
  readonly rule: Rule;
  readonly isLive: boolean;
  /** Of the oldest instance that carries the match. */
  readonly createIndex: number;
}

export interface Tagged {
  readonly instance: Instance;
  readonly tags: ParsedTags;
}

export const readClaims = (
  name: string,
  instances: readonly Instance[],
  stored: ServiceWeights | undefined,
  { policy, tagPrefix }: ReadingRules,
): ServiceClaims => {
  const quarantine: Quarantined[] = [];
  const tagged = instances.map(instance => ({ instance, tags: parseTags(instance, tagPrefix) }));
  const sound = tagged.filter(({ instance, tags }) => report(instance, tags, quarantine));
  const live = sound.filter(({ instance }) => isLive(instance, policy));
  const state: ServiceState = {
    name,
    instances,
    split: computeSplit(liveVersions(live), stored),
    ...(stored === undefined ? {} : { weights: stored }),
  };
  const claims = byMatch(sound).map(({ match, carriers }): Claim => {
    const rule = toRule(
      name,
      match,
      carriers.filter(({ instance }) => isLive(instance, policy)),
      stored,
    );
    return {
      rule,
      isLive: rule.arms.length > 0,
      createIndex: Math.min(...carriers.map(({ instance }) => instance.createIndex)),
    };
  });
  return { instances, stored, state, claims, quarantine };
};

/** Puts an instance's tag problems into quarantine; false when the instance must not be served. */
const report = (instance: Instance, tags: ParsedTags, quarantine: Quarantined[]): boolean => {
  for (const { tag, reason } of tags.problems) {
    quarantine.push({ service: instance.service, instance: instance.id, subject: tag, reason });
  }
  return !tags.problems.some(problem => problem.fatal);
};

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

const toRule = (
  service: string,
  match: Match,
  live: readonly Tagged[],
  stored: ServiceWeights | undefined,
): Rule => {
  const split = computeSplit(liveVersions(live), stored);
  const arms = split.shares.map(
    ({ version, share }): Arm => ({
      version,
      share,
      targets: live.filter(({ tags }) => tags.version === version).map(tagged => toTarget(tagged, match)),
    }),
  );
  return { id: ruleId(match), match, service, split, arms };
};

const toTarget = ({ instance, tags }: Tagged, match: Match): Target => {
  const strip = stripFor(tags.strip, match);
  return { instance, version: tags.version, ...(strip === undefined ? {} : { strip }) };
};

/** Versions in a stable order, each with its count and the `weight=` of its newest instance that names one. */
export const liveVersions = (live: readonly Tagged[]): LiveVersion[] => {
  const versions = new Map<string, Tagged[]>();
  for (const tagged of live) {
    const same = versions.get(tagged.tags.version);
    if (same === undefined) versions.set(tagged.tags.version, [tagged]);
    else same.push(tagged);
  }
  return [...versions]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([version, instances]) => {
      const newest = instances
        .filter(({ tags }) => tags.weight !== undefined)
        .sort((a, b) => b.instance.modifyIndex - a.instance.modifyIndex)[0];
      return {
        version,
        instances: instances.length,
        ...(newest?.tags.weight === undefined ? {} : { tagWeight: newest.tags.weight }),
      };
    });
};

/** `/orders/*` for a prefix, `/orders` for an exact path, with the host in front where there is one. */
export const ruleId = ({ host, kind, path }: Match): string =>
  `${host ?? ''}${kind === 'exact' ? path : path === '/' ? '/*' : `${path}/*`}`;
