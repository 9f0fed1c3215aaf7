import type { Writable } from 'node:stream';
import { type AccessLogEntry, createLineFormat } from './access-line.ts';
import { createOutput } from './output.ts';

/** `{ share }`: that share of the requests, and every one that ended with a status of 500 or more. */
export type AccessLogMode = 'on' | 'off' | { readonly share: number };

export interface AccessLogOptions {
  readonly mode: AccessLogMode;
  /** Draws from [0, 1). */
  readonly chance?: () => number;
  /** Stdout unless said. */
  readonly destination?: Writable;
  /** Other processes write to the destination, too: lines are kept whole among theirs. */
  readonly shared?: boolean;
  /** Bytes that may wait for a reader that is slow; lines beyond that are dropped and counted. */
  readonly maxBuffered?: number;
}

export interface AccessLog {
  /** Whether a request that ended so gets a line; to be asked once a request, before the entry is made. */
  wants(status: number): boolean;
  /** Requests that end from now on get a line by this mode. */
  change(mode: AccessLogMode): void;
  /** Never waits, never throws. */
  write(entry: AccessLogEntry): void;
  counts(): { readonly written: number; readonly dropped: number };
  /** Writes what is buffered, for `within` milliseconds at most. Never throws. */
  close(within?: number): Promise<void>;
}

/** Lines wait for each other this many milliseconds, or characters: a busy gateway makes one write of many. */
const BATCH_DELAY = 100;
const BATCH_SIZE = 32_768;
/** POSIX: a pipe takes a write of so many bytes whole or not at all (PIPE_BUF of Linux). */
const WHOLE = 4_096;

export const createAccessLog = (options: AccessLogOptions): AccessLog => {
  let { mode } = options;
  const { chance = Math.random, destination = process.stdout, maxBuffered = 16 * 1024 * 1024 } = options;
  const { shared = false } = options;
  const format = createLineFormat();
  const output = createOutput(destination, maxBuffered, shared);
  let batch = '';
  let lines = 0;
  /** Of the batch; counted only where it is shared. */
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;
  let written = 0;
  let dropped = 0;

  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (output.write(batch)) written += lines;
    else dropped += lines;
    batch = '';
    lines = 0;
    bytes = 0;
  };
  return {
    wants: status => mode === 'on' || (mode !== 'off' && (status >= 500 || chance() < mode.share)),
    change: next => {
      mode = next;
    },
    write: entry => {
      const line = `${format(entry)}\n`;
      if (shared) {
        const size = Buffer.byteLength(line);
        if (lines > 0 && bytes + size > WHOLE) flush();
        bytes += size;
      }
      batch += line;
      lines += 1;
      if (batch.length >= BATCH_SIZE) flush();
      else timer ??= setTimeout(flush, BATCH_DELAY);
    },
    counts: () => ({ written, dropped }),
    close: async (within = 1000) => {
      if (lines > 0) flush();
      await output.drained(within);
    },
  };
};
