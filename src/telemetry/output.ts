import type { Writable } from 'node:stream';

export interface Output {
  /** False where the text was dropped instead. Never waits, never throws. */
  write(text: string): boolean;
  /** Resolves when all that was written is out, or gone wrong, or after `within` milliseconds. Never rejects. */
  drained(within: number): Promise<void>;
}

/**
 * Writes to stdout, stderr or the like without ever being held up by a reader that stalls or left.
 *
 * Streams, not `fs.write`: a write that is stuck in a full pipe occupies a thread that even the exit of the
 * process waits for.
 *
 * @param maxBuffered bytes that may wait for the reader
 */
export const createOutput = (stream: Writable, maxBuffered: number): Output => {
  // A reader that left (EPIPE) costs what would have been written, not the process.
  if (!stream.listeners('error').includes(passOver)) stream.on('error', passOver);
  return {
    write: text => {
      if (!stream.writable || stream.writableLength >= maxBuffered) return false;
      stream.write(text);
      return true;
    },
    drained: async within => {
      if (!stream.writable || stream.writableLength === 0) return;
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>(resolve => {
        timer = setTimeout(resolve, within);
        stream.write('', () => resolve());
      });
      clearTimeout(timer);
    },
  };
};

const passOver = (): void => {};
