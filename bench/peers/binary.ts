import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { onPath, ROOT } from '../../test/support/child.ts';

/** A peer's program: on PATH, else where bench/setup.sh puts what Debian has no package of. */
export interface Binary {
  missing(): string | undefined;
  version(): string;
  /** @throws where it is missing */
  path(): string;
}

/** @param version what its words about itself hold, as the first group */
export const fromPath = (name: string, args: readonly string[], version: RegExp): Binary => {
  const own = join(ROOT, 'bench/.peers', name);
  const find = (): string | undefined => onPath(name) ?? (existsSync(own) ? own : undefined);
  const missing = (): string | undefined =>
    find() === undefined ? `${name} is not on PATH (bench/setup.sh installs it where it can)` : undefined;
  const path = (): string => {
    const found = find();
    if (found === undefined) throw new Error(missing());
    return found;
  };
  return {
    missing,
    path,
    version: () => {
      const { stdout, stderr } = spawnSync(path(), args, { encoding: 'utf8' });
      return version.exec(`${stdout}${stderr}`)?.[1] ?? 'unknown';
    },
  };
};
