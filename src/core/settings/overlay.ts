import { isDeepStrictEqual } from 'node:util';
import { type SettingTable, type SettingValues, settingKey, withoutSecrets } from './settings.ts';

/** A setting that is said anew, as people read it; a secret's values are not shown. */
export interface SettingChange {
  /** As in the file. */
  readonly setting: string;
  readonly from?: string;
  readonly to?: string;
}

export interface Overlay<S extends SettingTable> {
  /** What is in force from now on: `next` where that may change live, else what was. */
  readonly config: SettingValues<S>;
  /** What may change live, and does. */
  readonly changed: readonly SettingChange[];
  /** What is said anew and waits for a restart. */
  readonly waiting: readonly SettingChange[];
}

/** Lays settings that were read again over those in force. */
export const overlay = <S extends SettingTable>(
  table: S,
  current: SettingValues<S>,
  next: SettingValues<S>,
  live: readonly (keyof S & string)[],
): Overlay<S> => {
  const config: Record<string, unknown> = { ...current };
  const changed: SettingChange[] = [];
  const waiting: SettingChange[] = [];
  for (const [name, { isSecret }] of Object.entries(table)) {
    if (isDeepStrictEqual(current[name], next[name])) continue;
    const isLive = live.includes(name);
    if (isLive) config[name] = next[name];
    const shown = isSecret === true ? {} : { from: shownAs(current[name]), to: shownAs(next[name]) };
    (isLive ? changed : waiting).push({ setting: settingKey(name), ...shown });
  }
  return { config: config as SettingValues<S>, changed, waiting };
};

/** On one line; of a certificate or a key that was read, only that it is there. */
const shownAs = (value: unknown): string => {
  if (value === undefined) return 'none';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.includes('\n') ? '(the text of a file)' : withoutSecrets(text);
};
