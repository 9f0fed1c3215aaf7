import type { Arm, Instance, Match, Rule, RuleSettings, ServiceWeights, Split, Target } from './model.ts';
import { computeSplit, type LiveVersion } from './split.ts';
import { type ParsedTags, parseTags } from './tags.ts';

/** An instance with what its tags say. */
export interface Tagged {
  readonly instance: Instance;
  readonly tags: ParsedTags;
}

/** @param prefix what stands before each key of a tag, e.g. `sluice.` */
export const readTags = (instance: Instance, prefix: string): Tagged => ({
  instance,
  tags: parseTags(instance, prefix),
});

/** Whether an instance may be served, for all that its tags say. */
export const isSound = ({ tags }: Tagged): boolean => !tags.problems.some(problem => problem.fatal);

export interface RuleInput {
  readonly match: Match;
  readonly service: string;
  /** The live instances that carry the rule. */
  readonly live: readonly Tagged[];
  readonly stored: ServiceWeights | undefined;
  /** An instance as this rule uses it. */
  readonly toTarget: (tagged: Tagged) => Target;
}

/** The rule of one service for one match: an arm for each version that has a live instance. */
export const buildRule = ({ match, service, live, stored, toTarget }: RuleInput): Rule => {
  const split = splitOf(live, stored);
  const arms = split.shares.map(
    ({ version, share }): Arm => ({
      version,
      share,
      targets: live.filter(({ tags }) => tags.version === version).map(toTarget),
    }),
  );
  return { id: ruleId(match), match, service, split, arms, ...settingsOf(live) };
};

/** Each setting as the newest instance that names it has it. */
const settingsOf = (live: readonly Tagged[]): RuleSettings => {
  const oldestFirst = [...live].sort((a, b) => a.instance.modifyIndex - b.instance.modifyIndex);
  return Object.assign({}, ...oldestFirst.map(({ tags }) => tags.settings));
};

export const splitOf = (live: readonly Tagged[], stored: ServiceWeights | undefined): Split =>
  computeSplit(liveVersions(live), stored);

/** Versions in a stable order, each with its count and the `weight=` of its newest instance that names one. */
const liveVersions = (live: readonly Tagged[]): LiveVersion[] => {
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
