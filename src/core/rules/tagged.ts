import type { Instance } from '../model/instance.ts';
import type { TagOptions } from '../tags/dialect.ts';
import { type ParsedTags, parseTags } from '../tags/parse.ts';

/** An instance with what its tags say. */
export interface Tagged {
  readonly instance: Instance;
  readonly tags: ParsedTags;
}

export const readTags = (instance: Instance, options: TagOptions): Tagged => ({
  instance,
  tags: parseTags(instance, options),
});

/** Whether an instance may be served, for all that its tags say. */
export const isSound = ({ tags }: Tagged): boolean => !tags.problems.some(problem => problem.fatal);

/** By the version of each, in the order in which they are met. */
export const byVersion = <T extends Tagged>(instances: readonly T[]): Map<string, T[]> => {
  const versions = new Map<string, T[]>();
  for (const tagged of instances) {
    const same = versions.get(tagged.tags.version);
    if (same === undefined) versions.set(tagged.tags.version, [tagged]);
    else same.push(tagged);
  }
  return versions;
};

/** The last registered or changed comes first. */
export const newestFirst = (a: Tagged, b: Tagged): number => b.instance.modifyIndex - a.instance.modifyIndex;
