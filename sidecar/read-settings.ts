import type { Setting } from '../src/config.ts';
import { SIDECAR_SETTINGS, TAG_SETTINGS } from './settings.ts';

type Settings = typeof SIDECAR_SETTINGS;
type Value<S> = S extends Setting<infer T> ? T : never;

/** Every setting with its value. */
export type SettingValues = { readonly [K in keyof Settings]: Value<Settings[K]> };

/** The lists that become tags. */
export type TagLists = { readonly [K in keyof typeof TAG_SETTINGS]: readonly string[] };

export type Env = Readonly<Record<string, string | undefined>>;

/** What was said in so many words: on the command line, or to `register`. */
export type Said = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface SettingSources {
  readonly said: Said;
  readonly env: Env;
  /** How the place where it was said is called in a problem: `--port`, `port`. */
  readonly nameOf: (setting: string) => string;
}

/** Values that may hold a password or be one: a wrong one is not repeated. */
const SECRET: ReadonlySet<string> = new Set(['consulToken', 'redis']);

/**
 * Each setting from what was said, else from its first variable that is set (an empty one counts as unset), else
 * its default.
 *
 * @param problems gets a line for each value that is none
 */
export const readSettings = (sources: SettingSources, problems: string[]): SettingValues => {
  const values: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries<Setting<unknown>>(SIDECAR_SETTINGS)) {
    const found = find(name, spec.env ?? [], sources);
    const value = found === undefined ? spec.fallback : spec.read(found.value);
    if (found !== undefined && value === undefined) {
      const shown = SECRET.has(name) ? '' : ` "${found.value}"`;
      problems.push(`${found.origin}${shown}: expected ${spec.expected}`);
    }
    values[name] = value;
  }
  return values as SettingValues;
};

/** Whether anyone said anything about a setting, be it wrong. */
export const isSaid = (name: keyof Settings, sources: SettingSources): boolean =>
  find(name, SIDECAR_SETTINGS[name].env ?? [], sources) !== undefined;

const find = (
  name: string,
  variables: readonly string[],
  { said, env, nameOf }: SettingSources,
): { origin: string; value: string } | undefined => {
  const value = said[name];
  if (typeof value === 'string') return { origin: nameOf(name), value };
  const origin = variables.find(variable => (env[variable] ?? '') !== '');
  return origin === undefined ? undefined : { origin, value: env[origin] ?? '' };
};

/** As above for lists; in a variable, the items are separated by spaces. */
export const readTagLists = ({ said, env }: SettingSources): TagLists => {
  const lists: Record<string, readonly string[]> = {};
  for (const [name, { env: variables }] of Object.entries(TAG_SETTINGS)) {
    const items = said[name];
    const text = variables.map(variable => env[variable]?.trim() ?? '').find(value => value !== '');
    lists[name] = Array.isArray(items) ? items : (text?.split(/\s+/) ?? []);
  }
  return lists as TagLists;
};
