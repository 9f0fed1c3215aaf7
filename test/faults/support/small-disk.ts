import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of its own with little room. Needs the right to mount: root, in a container with CAP_SYS_ADMIN. */
export interface SmallDisk {
  readonly folder: string;
  /** Takes all the room that is left. @returns how to give it back */
  fill(): () => void;
  remove(): void;
}

const BYTES = 256 * 1024;

export const mountSmallDisk = (): SmallDisk => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-small-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${BYTES}`, 'tmpfs', folder]);
  const filler = join(folder, 'filler');
  return {
    folder,
    fill: () => {
      try {
        writeFileSync(filler, Buffer.alloc(BYTES * 2));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
      return () => rmSync(filler);
    },
    remove: () => {
      execFileSync('umount', [folder]);
      rmdirSync(folder);
    },
  };
};
