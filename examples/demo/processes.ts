import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ProcessSpec {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
}

/** The processes of the demo: all that is started here is ended here. */
export interface Processes {
  /** Starts them side by side and waits until they are ready. Rejects where one ends before that. */
  start(specs: readonly ProcessSpec[], ready: () => Promise<boolean>): Promise<void>;
  /** Rejects as soon as any of them ends by itself. */
  readonly died: Promise<never>;
  /** Ends them all, the last started first, and waits. `hurry` cuts the patience with them short. */
  stop(hurry: AbortSignal): Promise<void>;
}

/** Asked first to end in order, then to drop what runs, then not at all. */
const ENDINGS = [
  { signal: 'SIGTERM', patience: 8_000 },
  { signal: 'SIGTERM', patience: 3_000 },
  { signal: 'SIGKILL', patience: 3_000 },
] as const;

/** @param stopping nothing more is started, or waited for, once it is aborted */
export const createProcesses = (stopping: AbortSignal): Processes => {
  const batches: Running[][] = [];
  const mark = randomUUID();
  let ended = (_: Error): void => {};
  const died = new Promise<never>((_, reject) => {
    ended = reject;
  });
  died.catch(() => {});
  // Should the demo itself fail, nobody comes back to stop them.
  process.once('exit', () => {
    for (const { child } of batches.flat()) child.kill('SIGTERM');
  });

  return {
    died,
    start: async (specs, ready) => {
      stopping.throwIfAborted();
      const batch = specs.map(spec => run(spec, mark));
      batches.push(batch);
      for (const running of batch) {
        void running.ended.then(how => stopping.aborted || ended(new Error(obituary(running, how))));
      }
      await Promise.race([died, until(ready, stopping)]);
    },
    stop: async hurry => {
      for (const batch of batches.splice(0).reverse()) {
        await Promise.all(batch.map(running => end(running, hurry)));
      }
      endOrphans(mark);
    },
  };
};

interface Running {
  readonly name: string;
  readonly child: ChildProcess;
  /** How it ended, in words. */
  readonly ended: Promise<string>;
  /** The last lines that it said. */
  readonly tail: string[];
}

const run = ({ name, command: [file, ...args], env }: ProcessSpec, mark: string): Running => {
  const child = spawn(file, args, {
    env: { ...neutralEnv(), ...env, SLUICE_DEMO: mark },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Ctrl-C goes to every process of a terminal's group; these are to end in order, when they are told.
    detached: true,
  });
  const tail: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      tail.push(...text.split('\n').filter(line => line.trim() !== ''));
      tail.splice(0, tail.length - 15);
    });
  }
  const ended = new Promise<string>(resolve => {
    child.once('error', error => resolve(`could not be started: ${error.message}`));
    child.once('exit', async (code, signal) => {
      // Its last words may still be on their way; a program that it leaves behind keeps the pipe open for good.
      await Promise.race([once(child, 'close'), sleep(100)]);
      resolve(`ended with ${signal ?? `exit code ${code}`}`);
    });
  });
  return { name, child, ended, tail };
};

/** What is set for the user's own Consul, Redis or collector is not meant for the demo's. */
export const neutralEnv = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(SLUICE|CONSUL|REDIS|OTEL)_|^(http_proxy|PORT|VERSION)$/i.test(name),
    ),
  );

const obituary = ({ name, tail }: Running, how: string): string =>
  [
    `${name} ${how}`,
    ...(tail.length === 0 ? [] : ['its last lines:', ...tail.map(line => `  ${line}`)]),
  ].join('\n');

/** Asks every 50 ms; an answer that fails counts as "not yet". */
const until = async (ready: () => Promise<boolean>, stopping: AbortSignal): Promise<void> => {
  while (!(await ready().catch(() => false))) {
    await sleep(50, undefined, { signal: stopping });
  }
};

const end = async ({ name, child, ended }: Running, hurry: AbortSignal): Promise<void> => {
  for (const { signal, patience } of ENDINGS) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) break;
    child.kill(signal);
    const late = new AbortController();
    const waiting = hurry.aborted ? late.signal : AbortSignal.any([late.signal, hurry]);
    await Promise.race([ended, sleep(patience, undefined, { signal: waiting }).catch(() => {})]);
    late.abort();
  }
  if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
    throw new Error(`${name} (process ${child.pid}) does not end`);
  }
};

/** A sidecar that was killed could not end its program. Linux shows who came from here by the mark. */
const endOrphans = (mark: string): void => {
  for (const pid of process.platform === 'linux' ? readdirSync('/proc') : []) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      if (readFileSync(`/proc/${pid}/environ`, 'utf8').includes(mark)) process.kill(Number(pid), 'SIGKILL');
    } catch {
      // Another user's, or gone by now.
    }
  }
};
