import type { Instance } from './model.ts';
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

/** By the version of each, in the order in which they are met. */
export const byVersion = (instances: readonly Tagged[]): Map<string, Tagged[]> => {
  const versions = new Map<string, Tagged[]>();
  for (const tagged of instances) {
    const same = versions.get(tagged.tags.version);
    if (same === undefined) versions.set(tagged.tags.version, [tagged]);
    else same.push(tagged);
  }
  return versions;
};

/** The last registered or changed comes first. */
export const newestFirst = (a: Tagged, b: Tagged): number => b.instance.modifyIndex - a.instance.modifyIndex;
