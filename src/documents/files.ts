import type { BigIntStats } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { formatSize } from '../core/values.ts';
import { MOST_BYTES } from './reader.ts';
import { decode, describeUnread, type Text } from './texts.ts';

/** What `--routes` names, as it is now. */
export interface Files {
  readonly texts: readonly Text[];
  /** Changes whenever a file is written, replaced, added or taken away. */
  readonly print: string;
}

const MOST_FILES = 10_000;

/** Only to ask for a thousand at once would hold up the event loop for twenty milliseconds. */
const AT_ONCE = 32;

const IS_ROUTES = /\.(ya?ml|json)$/i;

/**
 * Reads a file, or the files of a folder that are called `*.yaml`, `*.yml` or `*.json` (not those of folders in it).
 *
 * @throws where the path itself can't be read
 */
export const readFiles = async (path: string): Promise<Files> => {
  const found = await listFiles(path);
  const texts: Text[] = [];
  for (const { file, size } of found) texts.push(await readOne(file, size));
  return { texts, print: found.map(({ print }) => print).join('\n') };
};

/** The `print` of the files without reading them. @throws where the path itself can't be read */
export const printFiles = async (path: string): Promise<string> =>
  (await listFiles(path)).map(({ print }) => print).join('\n');

interface Found {
  readonly file: string;
  readonly size: number;
  readonly print: string;
}

const listFiles = async (path: string): Promise<Found[]> => {
  const own = await stat(path, { bigint: true });
  if (!own.isDirectory()) return [found(path, own)];
  const names = (await readdir(path)).filter(name => !name.startsWith('.') && IS_ROUTES.test(name)).sort();
  if (names.length > MOST_FILES) throw new Error(`more than ${MOST_FILES} files of routes are too many`);
  const files: Found[] = [];
  for (let i = 0; i < names.length; i += AT_ONCE) {
    const some = names.slice(i, i + AT_ONCE).map(name => look(join(path, name)));
    for (const file of await Promise.all(some)) if (file !== undefined) files.push(file);
  }
  return files;
};

const look = async (file: string): Promise<Found | undefined> => {
  // Just taken away, or a link into nowhere: it is not there.
  const stats = await stat(file, { bigint: true }).catch(() => undefined);
  return stats === undefined || stats.isDirectory() ? undefined : found(file, stats);
};

const found = (file: string, { mtimeNs, size, ino }: BigIntStats): Found => ({
  file,
  size: Number(size),
  print: `${file} ${mtimeNs} ${size} ${ino}`,
});

const readOne = async (file: string, size: number): Promise<Text> => {
  if (size > MOST_BYTES) {
    return {
      name: file,
      failure: `it has ${formatSize(size)}, more than ${formatSize(MOST_BYTES)}; make several files of it`,
    };
  }
  try {
    return { name: file, ...decode(await readFile(file)) };
  } catch (error) {
    return { name: file, failure: describeUnread(error) };
  }
};
