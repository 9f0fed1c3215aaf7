import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError } from '../src/config.ts';

/** The program beside the sidecar, running. */
export interface Program {
  readonly pid: number;
  /** Its exit code as a shell tells it: 128 + n when signal n ended it. Settles once, never rejects. */
  readonly exited: Promise<number>;
  /** To the program alone, as from a terminal's `kill`; nothing happens when it has ended. */
  signal(name: NodeJS.Signals): void;
  /**
   * SIGTERM, and SIGKILL after the deadline to everything that it started; resolves when it has ended.
   *
   * @param deadline milliseconds
   */
  stop(deadline: number): Promise<number>;
}

/**
 * Starts a program with the sidecar's own standard streams.
 *
 * It gets a session of its own: Ctrl-C in a terminal goes to every process of the group, and the program must
 * go on serving until the gateways have seen the deregistration.
 *
 * @throws ConfigError when it cannot be started
 */
export const startProgram = async (
  [file, ...args]: readonly [string, ...string[]],
  env: Readonly<Record<string, string | undefined>>,
): Promise<Program> => {
  const child = spawn(file, args, { env: { ...env }, stdio: 'inherit', detached: true });
  try {
    await once(child, 'spawn');
  } catch (error) {
    throw new ConfigError([`cannot start "${file}": ${reason(error)}`]);
  }
  const pid = child.pid as number;
  const exited = new Promise<number>(resolve => {
    child.once('exit', (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
  return {
    pid,
    exited,
    signal: name => void child.kill(name),
    stop: async deadline => {
      child.kill('SIGTERM');
      const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), deadline);
      const code = await exited;
      clearTimeout(timer);
      await endGroup(pid);
      return code;
    },
  };
};

const reason = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'not found; give a path or a program on PATH';
  if (code === 'EACCES') return 'permission denied; is it executable?';
  return message;
};

/** For those that the program leaves behind. Short, since zombies (init.ts) count as members of a group, too. */
const ORPHANS_MS = 1_000;

/** What the program leaves behind (workers, a shell's children) has no terminal and would outlive the sidecar. */
const endGroup = async (pid: number): Promise<void> => {
  const until = performance.now() + ORPHANS_MS;
  if (!signalGroup(pid, 'SIGTERM')) return;
  while (performance.now() < until) {
    if (!signalGroup(pid, 0)) return;
    await sleep(20);
  }
  signalGroup(pid, 'SIGKILL');
};

/** @returns whether anyone was there to get it */
const signalGroup = (leader: number, signal: NodeJS.Signals | 0): boolean => {
  try {
    return process.kill(-leader, signal);
  } catch {
    return false;
  }
};
