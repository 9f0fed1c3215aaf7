import { Writable } from 'node:stream';

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
 * @param apart each text is a write of its own, also those that had to wait: one that is no longer than PIPE_BUF
 *   comes through a pipe whole, whoever else writes there
 */
export const createOutput = (to: Writable, maxBuffered: number, apart = false): Output => {
  // A reader that left (EPIPE) costs what would have been written, not the process.
  if (!to.listeners('error').includes(passOver)) to.on('error', passOver);
  const stream = apart ? oneByOne(to) : to;
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

/** Node joins what waits in a pipe to one large write; a stream that cannot is handed one text after the other. */
const oneByOne = (to: Writable): Writable =>
  new Writable({
    decodeStrings: false,
    write: (text: string, encoding, done) => {
      to.write(text, encoding, done);
    },
  }).on('error', passOver);

const passOver = (): void => {};
