import { readFileSync, statSync } from 'node:fs';
import type { Log } from '../../telemetry/log.ts';
import { pause, type Timers } from '../../telemetry/timers.ts';
import { CertificateFault } from './certificate.ts';

/** Files are looked at so often, in milliseconds: a look costs a few microseconds, and no kind of file escapes it. */
const LOOK_EVERY = 250;

export interface FollowOptions<T> {
  readonly files: readonly string[];
  /** Makes of them what is to be in force. @throws CertificateFault */
  readonly read: () => T;
  /** Called with what is in force from now on. */
  readonly onChange: (next: T) => void;
  /** What the log says: new ones are in force, or those before stay. */
  readonly words: { readonly renewed: string; readonly refused: string };
  /** What is told of new ones. */
  readonly describe: (next: T) => Readonly<Record<string, unknown>>;
  readonly log: Log;
  readonly timers: Timers;
}

/**
 * Follows files of certificates: whoever renews them replaces them, one file after the other or the link behind all of
 * them. What is of no use is told of and changes nothing.
 *
 * @returns how to end it
 */
export const followFiles = <T>(options: FollowOptions<T>): (() => void) => {
  const { files, read, onChange, words, describe, log, timers } = options;
  const stopped = new AbortController();
  let served = printOf(files);
  let refused = '';

  const look = (before: string): string => {
    const print = printOf(files);
    if (print === served || print === refused) return print;
    try {
      const next = read();
      served = print;
      refused = '';
      onChange(next);
      log.info(describe(next), words.renewed);
    } catch (error) {
      if (!(error instanceof CertificateFault)) throw error;
      // The rest of them may still be on its way.
      if (print !== before) return print;
      refused = print;
      log.error({ problem: error.message }, words.refused);
    }
    return print;
  };

  const follow = async (): Promise<void> => {
    let print = served;
    while (!stopped.signal.aborted) {
      await pause(timers, LOOK_EVERY, stopped.signal);
      if (!stopped.signal.aborted) print = look(print);
    }
  };
  void follow();
  return () => stopped.abort();
};

/** @throws CertificateFault */
export const readFile = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CertificateFault(
      `${file}: ${code === 'ENOENT' ? 'there is no such file' : `can't be read (${code})`}`,
    );
  }
};

/** Changes whenever one of the files does. */
const printOf = (files: readonly string[]): string =>
  files
    .map(file => {
      const stats = statSync(file, { throwIfNoEntry: false, bigint: true });
      return stats === undefined ? '-' : `${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`;
    })
    .join('\n');
