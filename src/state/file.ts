import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** No file grows beyond this, nor is a larger one read: about 200,000 instances. */
export const MAX_BYTES = 64 * 1024 * 1024;

/** What a process that was killed in the middle of a write leaves behind is cleared away after this long. */
const STALE_MS = 60_000;

/**
 * Replaces a file whole: whoever reads it, at any moment and after any crash, finds the former contents or these.
 * Only its owner can read it. Where it fails, the former file is untouched and nothing else is left behind.
 *
 * @param chunks taken one by one, with turns of the event loop between them
 * @param at becomes its modification time, in epoch milliseconds
 * @throws what the file system does
 */
export const replaceFile = async (path: string, chunks: Iterable<string>, at: number): Promise<void> => {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      let size = 0;
      for (const chunk of chunks) {
        size += Buffer.byteLength(chunk);
        if (size > MAX_BYTES) throw new Error(`it would be larger than ${MAX_BYTES} bytes`);
        await file.appendFile(chunk);
      }
      await file.utimes(at / 1_000, at / 1_000);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  await syncFolder(folder);
};

/**
 * Without it a crash of the machine may take the rename back. Not every file system can do it, and the former file is
 * as whole as the new one, so that a failure is none.
 */
const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
};

/** Its contents with its modification time (epoch milliseconds); undefined where there is none. */
export const readWhole = async (path: string): Promise<{ contents: Buffer; at: number } | undefined> => {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  try {
    const { size, mtimeMs } = await file.stat();
    if (size > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES} bytes`);
    return { contents: await file.readFile(), at: mtimeMs };
  } finally {
    await file.close();
  }
};

/** Sets the modification time, in epoch milliseconds. */
export const touch = (path: string, at: number): Promise<void> => utimes(path, at / 1_000, at / 1_000);

/** Removes what writers of this file that were killed left behind. Never rejects. */
export const clearLeftovers = async (path: string, now: number): Promise<void> => {
  const folder = dirname(path);
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    if (!name.startsWith(`${basename(path)}.`) || !name.endsWith('.tmp')) continue;
    const leftover = join(folder, name);
    // Not the modification time: that is the state's, which may be old.
    const changed = await stat(leftover).then(
      ({ ctimeMs }) => ctimeMs,
      () => now,
    );
    if (now - changed > STALE_MS) await rm(leftover, { force: true }).catch(() => {});
  }
};
