import type { SettingSources } from '../src/core/settings/settings.ts';
import { readSluiceTags } from '../src/core/tags/sluice/read.ts';
import { TAG_SETTINGS } from './settings.ts';

/** What a service says about itself, in the words of the flags and of `register`. */
export interface TagSource {
  readonly version?: string | undefined;
  /** As the program itself speaks; `http` is what is spoken where no tag says so. */
  readonly proto?: 'http' | 'h2c';
  readonly path?: readonly string[];
  readonly exact?: readonly string[];
  readonly host?: readonly string[];
  /** Any others, as they are. */
  readonly tag?: readonly string[];
}

/**
 * The tags of a registration and all that is wrong with them: what the gateway would quarantine is told here,
 * before anything is registered.
 *
 * @param prefix what the gateway expects before each key (`--tag-prefix`)
 */
export const buildTags = (source: TagSource, prefix = ''): { tags: string[]; problems: string[] } => {
  const own = (key: string, values: readonly string[] = []): string[] =>
    values.map(v => `${prefix}${key}=${v}`);
  const tags = [
    ...own('version', source.version === undefined ? [] : [source.version]),
    ...own('proto', source.proto === 'h2c' ? ['h2c'] : []),
    ...own('path', source.path),
    ...own('exact', source.exact),
    ...own('host', source.host),
    ...(source.tag ?? []),
  ];
  const said = readSluiceTags({ tags }, { tagPrefix: prefix });
  const problems = said.problems.map(({ tag, reason }) => `tag "${tag}": ${reason}`);
  return { tags: [...new Set(tags)], problems };
};

/** The lists that become tags: said item by item, or in a variable, separated by spaces. */
export const readTagLists = ({ said, env }: SettingSources): Omit<TagSource, 'version' | 'proto'> => {
  const lists = Object.entries(TAG_SETTINGS).map(([name, { env: variables }]) => {
    const items = said[name];
    const text = variables.map(variable => env[variable]?.trim() ?? '').find(value => value !== '');
    return [name, Array.isArray(items) ? items : (text?.split(/\s+/) ?? [])];
  });
  return Object.fromEntries(lists);
};
