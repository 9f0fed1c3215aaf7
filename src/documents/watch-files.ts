import { type FSWatcher, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { Log } from '../telemetry/log.ts';
import { pause, type Timers } from '../telemetry/timers.ts';
import { printFiles, readFiles } from './files.ts';
import { describeUnread, type Text } from './texts.ts';

export interface FilesWatch {
  stop(): void;
}

/** So long nothing may have changed before files are read: who writes one is not to be read half-way. */
const QUIET_MS = 50;

/** Changes of which the system says nothing (network file systems, some mounts) are seen after about so long. */
const POLL_MS = 2_000;

/**
 * Follows a file or the files of a folder. The folder is watched, never a file: editors replace files, and Kubernetes
 * swaps the link behind all files of a ConfigMap at once.
 *
 * @param options.onTexts called with all of them, at first and whenever they may have changed. Never called synchronously,
 * nor after `stop`. Must not throw
 */
export const watchFiles = (options: {
  readonly path: string;
  readonly onTexts: (texts: readonly Text[]) => void;
  readonly log: Log;
  readonly timers: Timers;
}): FilesWatch => {
  const { path, onTexts, log, timers } = options;
  const stopped = new AbortController();
  const { signal } = stopped;
  let watcher: FSWatcher | undefined;
  let rung = new AbortController();
  let problem: string | undefined;
  let known: string | undefined;
  let isTold = false;

  const listen = (): void => {
    if (watcher !== undefined) return;
    try {
      const folder = statSync(path).isDirectory() ? path : dirname(path);
      watcher = watch(folder, { persistent: false }, () => rung.abort());
      watcher.on('error', forget);
    } catch {
      // The poll sees what changes, too, and tries again to listen.
    }
  };
  const forget = (): void => {
    watcher?.close();
    watcher = undefined;
  };

  const untilSettled = async (print: string): Promise<void> => {
    for (let before = ''; before !== print && !signal.aborted; ) {
      before = print;
      await pause(timers, QUIET_MS, signal);
      print = await printFiles(path);
    }
  };

  const tell = (texts: readonly Text[]): void => {
    isTold = true;
    onTexts(texts);
  };

  const look = async (): Promise<void> => {
    const print = await printFiles(path);
    if (print === known) return;
    if (isTold) await untilSettled(print);
    const files = await readFiles(path);
    if (signal.aborted) return;
    if (problem !== undefined) log.info({ routes: path }, 'the route documents can be read again');
    problem = undefined;
    known = files.print;
    tell(files.texts);
  };

  /** Whoever can't be read is not gone: what was read of it stays. */
  const failed = (error: unknown): void => {
    forget();
    known = undefined;
    const detail = describeUnread(error);
    if (problem === detail) return;
    problem = detail;
    log.warn({ routes: path, detail }, "the route documents can't be read; those known stay in force");
    if (!isTold) tell([{ name: path, failure: detail }]);
  };

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      rung = new AbortController();
      listen();
      await look().catch(failed);
      await pause(timers, POLL_MS, rung.signal);
    }
  };
  void run();
  return {
    stop: () => {
      stopped.abort();
      rung.abort();
      forget();
    },
  };
};
