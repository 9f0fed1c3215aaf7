import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { formatSize } from '../core/values.ts';
import type { Log } from '../telemetry/log.ts';
import type { Timers } from '../telemetry/timers.ts';
import type { ReadDocument } from './text.ts';

/** Reads texts beside the event loop, one after another. */
export interface Reader {
  /** Never rejects: what can't be read is a document with a problem. */
  read(text: string): Promise<readonly ReadDocument[]>;
  /** Whoever still waits is told that nothing was read. */
  close(): Promise<void>;
}

/** Twice what Consul takes as a value. */
export const MOST_BYTES = 1024 * 1024;

/** A text that takes longer is made to hurt. */
const MOST_MS = 20_000;

/** The thread ends when nothing was to be read for so long: it takes some memory. */
const IDLE_MS = 10_000;

/** The thread's code. */
export const THREAD = new URL(`./reader-thread${extname(import.meta.url)}`, import.meta.url);

/** YAML is slow: 4 kB take 40 ms in a process that has just begun, which is more than an event loop may be held up. */
export const createReader = (timers: Timers, log: Log, script = THREAD): Reader => {
  let thread: Worker | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let cancelIdle = (): void => {};
  let closed = false;

  const end = async (): Promise<void> => {
    cancelIdle();
    const ending = thread;
    thread = undefined;
    await ending?.terminate();
  };

  const readNow = async (text: string): Promise<readonly ReadDocument[]> => {
    if (closed) return unreadable('the gateway is stopping');
    cancelIdle();
    thread ??= new Worker(script, { resourceLimits: { maxOldGenerationSizeMb: 512 } });
    const documents = await ask(thread, text, timers, log);
    if (documents === undefined) {
      await end();
      return unreadable('it takes too much time or memory to read; make several smaller files of it');
    }
    cancelIdle = timers.after(IDLE_MS, () => void end());
    return documents;
  };

  return {
    read: text => {
      const bytes = Buffer.byteLength(text);
      if (bytes > MOST_BYTES) {
        const message = `it has ${formatSize(bytes)}, at most ${formatSize(MOST_BYTES)} are read; make several files of it`;
        return Promise.resolve(unreadable(message));
      }
      const reading = last.then(() => readNow(text));
      last = reading;
      return reading;
    },
    close: async () => {
      closed = true;
      await end();
    },
  };
};

/** Undefined where the thread ended or took too long. */
const ask = (
  thread: Worker,
  text: string,
  timers: Timers,
  log: Log,
): Promise<readonly ReadDocument[] | undefined> =>
  new Promise(resolve => {
    const finish = (documents: readonly ReadDocument[] | undefined): void => {
      takeBack();
      thread.removeAllListeners();
      // A thread that is given up may still fail; an error without listener would end the process.
      thread.on('error', () => {});
      resolve(documents);
    };
    const takeBack = timers.after(MOST_MS, () => finish(undefined));
    thread.removeAllListeners();
    thread.once('message', finish);
    thread.once('error', (err: unknown) => {
      log.warn({ err }, 'the thread that reads route documents failed');
      finish(undefined);
    });
    thread.once('exit', () => finish(undefined));
    thread.postMessage(text);
  });

/** A whole text of which nothing is known. */
export const unreadable = (message: string): readonly ReadDocument[] => [
  { line: 1, problems: [{ severity: 'error', line: 1, column: 1, message }] },
];
