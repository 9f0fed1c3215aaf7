import { readFileSync } from 'node:fs';

/** package.json is two folders up from here in a checkout and three in the built package. */
const candidates = ['../../package.json', '../../../package.json'];

const readVersion = (): string => {
  for (const candidate of candidates) {
    try {
      const manifest: unknown = JSON.parse(readFileSync(new URL(candidate, import.meta.url), 'utf8'));
      const { name, version } = manifest as { name?: unknown; version?: unknown };
      if (name === 'sluice' && typeof version === 'string') return version;
    } catch {
      // The next candidate is tried.
    }
  }
  return 'unknown';
};

/** This release, as package.json has it. */
export const VERSION = readVersion();
