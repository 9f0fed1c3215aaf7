import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../src/telemetry/log.ts';
import type { Probe } from './probe.ts';

export interface StartupOptions {
  readonly probe: Probe;
  /** What is waited for, for the progress line: `port 3002`. */
  readonly what: string;
  readonly log: Log;
  /** Aborted when waiting is no use any more: the program has ended, or is to be stopped. */
  readonly signal: AbortSignal;
  /** Milliseconds between two progress lines. */
  readonly sayEvery?: number;
}

const LOOK_EVERY = 100;

/**
 * Waits until the program is well, however long that takes, and says every few seconds what is missing.
 *
 * @returns the address that it listens at, or undefined when aborted
 */
export const untilWell = async (options: StartupOptions): Promise<string | undefined> => {
  const { probe, what, log, signal, sayEvery = 5_000 } = options;
  const since = performance.now();
  let saidAt = since;
  while (!signal.aborted) {
    const finding = await probe();
    if (signal.aborted) break;
    if (finding.well) return finding.address;
    const now = performance.now();
    if (now - saidAt >= sayEvery) {
      const seconds = Math.round((now - since) / 1_000);
      log.info({ reason: finding.reason, seconds }, `waiting for the program at ${what}`);
      saidAt = now;
    }
    await sleep(LOOK_EVERY, undefined, { signal }).catch(() => {});
  }
  return undefined;
};
