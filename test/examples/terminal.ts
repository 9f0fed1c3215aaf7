import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { eventually } from '../support/wait.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface TerminalRun {
  /** Of the command itself. */
  readonly pid: number;
  /** All that it has printed. */
  output(): string;
  /** Waits for a line that matches. */
  line(pattern: RegExp, within?: number): Promise<RegExpExecArray>;
  /** As a terminal does: to every process of the group. */
  signal(name: NodeJS.Signals): void;
  /** Exit code, once it has ended. */
  readonly ended: Promise<number | null>;
  /** Every process that came from it, and is there now. */
  pids(): number[];
  /** Ends whatever is left; for the end of a test that failed. */
  kill(): void;
}

/** Runs a command as a terminal does, in a process group of its own, and keeps what it prints. */
export const runInTerminal = (
  command: readonly [string, ...string[]],
  env: Readonly<Record<string, string>> = {},
): TerminalRun => {
  const mark = `TERMINAL=${randomUUID()}`;
  const [name, value] = mark.split('=') as [string, string];
  const [file, ...args] = command;
  const child = spawn(file, args, {
    cwd: ROOT,
    env: { ...process.env, ...env, [name]: value },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const pids = (): number[] => readdirSync('/proc').filter(isMarked(mark)).map(Number);
  return {
    pid: child.pid ?? 0,
    output: () => text,
    line: (pattern, within = 60_000) =>
      eventually(() => pattern.exec(text) ?? undefined, {
        within,
        hint: `${pattern} in what is printed`,
      }).catch(error => {
        throw new Error(`${(error as Error).message}; it said:\n${text}`);
      }),
    signal: signal => void process.kill(-(child.pid ?? 0), signal),
    ended,
    pids,
    kill: () => {
      for (const pid of pids()) process.kill(pid, 'SIGKILL');
    },
  };
};

const isMarked =
  (mark: string) =>
  (pid: string): boolean => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(mark);
    } catch {
      return false;
    }
  };

/** Whether nobody listens at 127.0.0.1:PORT. */
export const isFree = async (port: number): Promise<boolean> => {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return false;
  } catch {
    return true;
  } finally {
    socket.destroy();
  }
};
