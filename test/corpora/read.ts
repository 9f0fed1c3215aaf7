import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { extract } from './extract.ts';

export interface Case {
  /** Folder of the corpus, file and place in it. */
  readonly name: string;
  /** One character a byte. */
  readonly raw: string;
}

/** Every request that is found below a folder, each once. */
export const readCases = (folder: string): Case[] => {
  const cases = new Map<string, Case>();
  for (const path of filesBelow(folder)) {
    const text = readFileSync(path, 'latin1');
    for (const [i, raw] of extract(path, text).entries()) {
      if (!cases.has(raw)) cases.set(raw, { name: `${relative(folder, path)}#${i + 1}`, raw });
    }
  }
  return [...cases.values()];
};

/** Nobody keeps requests in larger ones. */
const LARGEST = 4 * 1024 * 1024;

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== '.git' && name !== 'node_modules')
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(entry => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesBelow(path);
      return entry.isFile() && statSync(path).size < LARGEST ? [path] : [];
    });
