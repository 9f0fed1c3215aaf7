import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Limits, Timeouts } from '../../../src/core/settings/limits.ts';
import { endWithUs, mortal } from '../../support/child.ts';

export interface ProcessOptions {
  /** Where everything is sent to. */
  readonly upstream: number;
  /** Milliseconds for which each decision holds the event loop up. Default: none. */
  readonly workMs?: number;
  readonly limits?: Partial<Limits>;
  readonly timeouts?: Partial<Timeouts>;
}

export interface ProxyProcess {
  readonly port: number;
  residentMb(): number;
}

const SCRIPT = fileURLToPath(new URL('./proxy-process.ts', import.meta.url));

/** A proxy whose memory and event loop are its own, killed with the test. */
export const startProxyProcess = async (t: TestContext, options: ProcessOptions): Promise<ProxyProcess> => {
  const [file, ...args] = mortal([process.execPath, '--import', 'tsx', SCRIPT, JSON.stringify(options)]);
  const child = endWithUs(spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] }));
  t.after(async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    port: Number(line.toString()),
    residentMb: () => {
      const found = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
      return Number(found?.[1]) / 1024;
    },
  };
};
