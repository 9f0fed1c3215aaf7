import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError } from '../src/core/settings/settings.ts';

/** The program beside the sidecar, running. */
export interface Program {
  readonly pid: number;
  /** Its exit code as a shell tells it: 128 + n when signal n ended it. Settles once, never rejects. */
  readonly exited: Promise<number>;
  /** To the program alone, as from a terminal's `kill`; nothing happens when it has ended. */
  signal(name: NodeJS.Signals): void;
  /**
   * SIGTERM to it, then to what it leaves behind, and SIGKILL to all of that after the deadline; resolves when
   * nothing of it is left.
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
  const exited = new Promise<number>(resolve => {
    child.once('exit', (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
  try {
    await once(child, 'spawn');
  } catch (error) {
    throw new ConfigError([`cannot start "${file}": ${reason(error)}`]);
  }
  const pid = child.pid as number;
  return {
    pid,
    exited,
    signal: name => void child.kill(name),
    stop: async deadline => {
      const end = performance.now() + deadline;
      child.kill('SIGTERM');
      const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), deadline);
      const code = await exited;
      clearTimeout(timer);
      await endGroup(pid, end);
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

/**
 * Ends what the program leaves behind: it has no terminal and would outlive the sidecar. `npm start` ends by SIGTERM
 * before the application that it started; that gets its own, and as much time.
 *
 * @param end of its time, by the clock of `performance`
 */
const endGroup = async (leader: number, end: number): Promise<void> => {
  if (!signalGroup(leader, 'SIGTERM')) return;
  while (isRunning(leader)) {
    if (performance.now() >= end) return void signalGroup(leader, 'SIGKILL');
    await sleep(50);
  }
};

/** @returns whether anyone was there to get it */
const signalGroup = (leader: number, signal: NodeJS.Signals | 0): boolean => {
  try {
    return process.kill(-leader, signal);
  } catch {
    return false;
  }
};

/** Whether a group has a member that is no zombie: those take signals, too, and may stay for good (init.ts). */
const isRunning = (leader: number): boolean => {
  if (!signalGroup(leader, 0)) return false;
  if (!existsSync('/proc/self/stat')) return true;
  return readdirSync('/proc').some(name => {
    if (!/^\d+$/.test(name)) return false;
    const { state, group, threads } = statOf(name);
    // A process whose first thread has ended shows as a zombie while its others still hold its ports.
    return group === leader && (state !== 'Z' || threads > 1);
  });
};

/** From proc(5)'s stat; a process that is gone by now is in no group. */
const statOf = (pid: string): { state: string; group: number; threads: number } => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in parentheses, may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', group: Number(fields[2]), threads: Number(fields[17]) };
  } catch {
    return { state: '', group: 0, threads: 0 };
  }
};
