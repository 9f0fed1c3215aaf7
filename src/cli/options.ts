import { type Command, Option } from 'commander';
import { type Config, type ConfigSources, isGiven, loadConfig, SETTINGS } from '../config.ts';
import { helpText, type Setting, settingKey } from '../core/settings/settings.ts';

type Name = keyof typeof SETTINGS;

/** Adds the flags of these settings (default: all) and `--config`. */
export const addSettings = (command: Command, names = Object.keys(SETTINGS) as Name[]): Command => {
  for (const name of names) {
    const setting: Setting<unknown> = SETTINGS[name];
    if (setting.flag !== undefined) command.option(setting.flag, helpText(setting));
  }
  if (names.includes('live')) {
    const passingOnly = new Option('--passing-only', 'only passing instances get traffic (the default)');
    command.addOption(passingOnly.conflicts('allowWarning'));
    command.option('--allow-warning', 'instances with a warning get traffic too');
  }
  return command.option('--config <file>', 'settings from a YAML file; flags and environment outrank it');
};

/** For `--help`: the settings that have no flag. */
export const settingsWithoutFlags = (): string => {
  const keys = Object.entries<Setting<unknown>>(SETTINGS).flatMap(([name, { flag }]) =>
    flag === undefined && name !== 'live' ? [settingKey(name)] : [],
  );
  return `Set in the file of --config or by environment only (docs/configuration.md):\n${listed(keys)}`;
};

/** In lines of up to 80 characters, indented. */
const listed = (words: readonly string[]): string =>
  words
    .join(', ')
    .replace(/(?=\S)(.{1,78})(?: |$)/g, '  $1\n')
    .trimEnd();

/** @throws ConfigError */
export const configOf = (command: Command): Config => loadConfig(sourcesOf(command));

/** Whether anyone named a Redis; the default alone is none that commands should write to. */
export const redisIsConfigured = (command: Command): boolean => isGiven('redis', sourcesOf(command));

/** Redis where one is named, unless it is only the environment or the file that does and a flag names a gateway. */
export const weightsAreInRedis = (command: Command): boolean => {
  const { flags } = sourcesOf(command);
  if (flags.admin !== undefined && flags.redis === undefined) return false;
  return redisIsConfigured(command) && configOf(command).redis !== 'off';
};

const sourcesOf = (command: Command): ConfigSources => {
  const options = command.optsWithGlobals<Record<string, string | boolean | undefined>>();
  const flags: Partial<Record<Name, string>> = {};
  for (const name of Object.keys(SETTINGS) as Name[]) {
    const value = options[name];
    if (typeof value === 'string') flags[name] = value;
  }
  if (options.allowWarning === true) flags.live = 'allow-warning';
  else if (options.passingOnly === true) flags.live = 'passing-only';
  const file = options.config;
  return { flags, env: process.env, ...(typeof file === 'string' ? { file } : {}) };
};
