import { type Config, SETTINGS } from './config.ts';
import { LIVE_SETTINGS } from './core/settings/live-settings.ts';
import { overlay, type SettingChange } from './core/settings/overlay.ts';
import { ConfigError } from './core/settings/settings.ts';
import type { Log } from './telemetry/log.ts';

export interface ReloadState {
  /** Counts the settings that were put in force, from 1 at the start. */
  readonly revision: number;
  /** When those were read, epoch milliseconds. */
  readonly loadedAt: number;
  /** Why the last reading was refused; empty where it was not. */
  readonly problems: readonly string[];
  /** What is said otherwise than it is in force, until a restart. */
  readonly waiting: readonly SettingChange[];
  readonly refused: number;
}

/** The settings in force, and how they come to be others. */
export interface Reload {
  readonly config: Config;
  readonly state: ReloadState;
  /**
   * Reads them again. With any problem nothing changes; else what may change live is in force when it returns.
   *
   * @param read throws ConfigError
   * @returns whether it was good
   */
  again(read: () => Config): boolean;
}

/** @param now epoch milliseconds */
export const createReload = (first: Config, now: () => number, log: Log): Reload => {
  let config = first;
  let state: ReloadState = { revision: 1, loadedAt: now(), problems: [], waiting: [], refused: 0 };

  const refuse = ({ problems }: ConfigError): void => {
    state = { ...state, problems, refused: state.refused + 1 };
    log.error(
      { problems, revision: state.revision },
      'the settings were refused: the old ones stay in force',
    );
  };

  const putInForce = (next: Config): void => {
    const { changed, waiting, ...laid } = overlay(SETTINGS, config, next, LIVE_SETTINGS);
    config = Object.freeze(laid.config);
    state = { ...state, revision: state.revision + 1, loadedAt: now(), problems: [], waiting };
    log.info({ revision: state.revision, changed }, 'the settings were read again');
    if (waiting.length > 0) log.warn({ waiting }, 'these settings wait for a restart');
  };

  return {
    get config() {
      return config;
    },
    get state() {
      return state;
    },
    again: read => {
      try {
        putInForce(read());
        return true;
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        refuse(error);
        return false;
      }
    },
  };
};
