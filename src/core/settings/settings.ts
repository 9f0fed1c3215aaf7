/**
 * One setting: the same words as a flag, an environment variable and a key of a YAML file (the flag's name), in
 * that order of strength.
 */
export interface Setting<T> {
  /** As commander takes it: `--listen <host:port>`. */
  readonly flag?: string;
  /** The strongest first: Sluice's own before the ecosystem's. */
  readonly env?: readonly string[];
  readonly fallback: T;
  /** How the default reads in `--help`, where it isn't obvious. */
  readonly fallbackText?: string;
  readonly read: (text: string) => T | undefined;
  /** Completes "expected …" in an error. */
  readonly expected: string;
  readonly help: string;
  /** It is a password or may hold one: a wrong value is not repeated. */
  readonly isSecret?: boolean;
}

export const setting = <T>(of: Setting<T>): Setting<T> => of;

export type SettingTable = Readonly<Record<string, Setting<unknown>>>;

/** Every setting of a table with its value. */
export type SettingValues<S extends SettingTable> = {
  readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never;
};

/** Everything that is wrong with a configuration, a line each. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

export type Env = Readonly<Record<string, string | undefined>>;

/** Where settings are said, the strongest first. */
export interface SettingSources {
  /** On the command line, or to `register`, by the name of the setting. Only texts count. */
  readonly said: Readonly<Record<string, unknown>>;
  /** How the place where it was said is called in a problem: `--port`, `port`. */
  readonly nameOf: (name: string) => string;
  readonly env: Env;
  readonly file?: SettingFile;
}

export interface SettingFile {
  readonly path: string;
  readonly values: ReadonlyMap<string, string>;
  /** Of the keys, from 1, where they are known. */
  readonly lines?: ReadonlyMap<string, number>;
}

/** An empty variable counts as unset, as the OpenTelemetry specification asks. */
const findSaid = (
  name: string,
  variables: readonly string[] = [],
  { said, nameOf, env, file }: SettingSources,
): { readonly text: string; readonly origin: string } | undefined => {
  const given = said[name];
  if (typeof given === 'string') return { text: given, origin: nameOf(name) };
  for (const variable of variables) {
    const text = env[variable] ?? '';
    if (text !== '') return { text, origin: variable };
  }
  const key = settingKey(name);
  const text = file?.values.get(key);
  if (file === undefined || text === undefined) return undefined;
  return { text, origin: `${placeOf(key, file)}: ${key}` };
};

/** `sluice.yaml:3` */
export const placeOf = (key: string, file: SettingFile): string => {
  const line = file.lines?.get(key);
  return line === undefined ? file.path : `${file.path}:${line}`;
};

/** Whether anyone said anything about a setting, be it wrong. */
export const isSaid = <S extends SettingTable>(
  table: S,
  name: keyof S & string,
  sources: SettingSources,
): boolean => findSaid(name, table[name]?.env, sources) !== undefined;

/** @param problems gets a line for each value that is none */
export const readSettings = <S extends SettingTable>(
  table: S,
  sources: SettingSources,
  problems: string[],
): SettingValues<S> => {
  const values = Object.entries(table).map(([name, { env, fallback, read, expected, isSecret }]) => {
    const found = findSaid(name, env, sources);
    if (found === undefined) return [name, fallback];
    const value = read(found.text);
    if (value === undefined) {
      const shown = isSecret === true ? '' : ` "${withoutSecrets(found.text)}"`;
      problems.push(`${found.origin}${shown}: expected ${expected}`);
    }
    return [name, value];
  });
  return Object.fromEntries(values) as SettingValues<S>;
};

/** A value as it may be shown: any address may hold a password in front of the host, or a token in its query. */
export const withoutSecrets = (text: string): string =>
  text.replace(/^([\w+.-]*:\/\/)?.*@/s, '$1').replace(/([?&][^=&]*=)[^&]*/g, '$1…');

/** The key in the file, and the long flag without its dashes: `redisPrefix` is `redis-prefix`. */
export const settingKey = (name: string): string => name.replace(/[A-Z]/g, c => `-${c.toLowerCase()}`);

/** The default as people read it; empty where there is nothing to tell. */
export const defaultText = ({ fallback, fallbackText }: Setting<unknown>): string =>
  fallbackText ?? (fallback === undefined ? '' : String(fallback));

/** For `--help`. */
export const helpText = (setting: Setting<unknown>): string => {
  const byDefault = defaultText(setting);
  return byDefault === '' ? setting.help : `${setting.help} (default: ${byDefault})`;
};
