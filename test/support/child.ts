import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Where a program is, or undefined where it is not on PATH. */
export const onPath = (name: string): string | undefined => {
  try {
    return execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
};

type Ending = 'SIGTERM' | 'SIGKILL';
type Command = readonly [string, ...string[]];

const SETPRIV = process.platform === 'linux' ? onPath('setpriv') : undefined;

/** An exit hook does not run when the test process itself is killed; the kernel's parent-death signal does. */
export const mortal = (command: Command, ending: Ending = 'SIGKILL'): Command =>
  SETPRIV === undefined ? command : [SETPRIV, '--pdeathsig', ending.slice('SIG'.length), ...command];

const running = new Map<ChildProcess, Ending>();
process.once('exit', () => {
  for (const [child, ending] of running) child.kill(ending);
});

/** Ends a child with this process, unless it has ended before. */
export const endWithUs = <C extends ChildProcess>(child: C, ending: Ending = 'SIGKILL'): C => {
  running.set(child, ending);
  child.once('exit', () => running.delete(child));
  return child;
};

/** A program of ours as a real process, with what it printed. Ended when the test process ends. */
export interface RunningProcess {
  readonly pid: number;
  /** Everything so far. */
  stdout(): string;
  stderr(): string;
  /** The process log, one object a line. */
  log(): LogLine[];
  /** @returns the exit code (128 + n for signals) */
  readonly exited: Promise<number>;
  signal(signal: NodeJS.Signals): void;
  /** Sends a signal (default SIGTERM) and waits for the end. @returns the exit code */
  stop(signal?: NodeJS.Signals): Promise<number>;
}

export type LogLine = Readonly<Record<string, unknown>> & { readonly msg?: string; readonly level?: string };

export interface ProcessOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** In a process group of its own. */
  readonly detached?: boolean;
  /**
   * What counts as its end: `close` (default) waits for all that it printed; a program that it leaves behind may
   * hold the pipes open, so that only `exit` comes.
   */
  readonly end?: 'close' | 'exit';
}

/** Only these pass on from the environment of the tests, so that nobody's own Consul or Redis takes part. */
const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'LANG'];

/** Starts a Node program. Ended by SIGTERM: a sidecar that is killed leaves its program behind. */
export const startNode = (
  args: readonly string[],
  { env = {}, cwd = ROOT, detached = false, end = 'close' }: ProcessOptions = {},
): RunningProcess => {
  const inherited = Object.fromEntries(INHERITED.map(name => [name, process.env[name] ?? '']));
  const [file, ...rest] = mortal([process.execPath, ...args], 'SIGTERM');
  const child = spawn(file, rest, {
    cwd,
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached,
  });
  endWithUs(child, 'SIGTERM');
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', chunk => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', chunk => {
    stderr += chunk;
  });
  const exited = once(child, end).then(
    ([code, signal]) => (code as number | null) ?? 128 + constants.signals[signal as NodeJS.Signals],
  );
  return {
    pid: child.pid ?? 0,
    stdout: () => stdout,
    stderr: () => stderr,
    log: () => stderr.split('\n').flatMap(parseLine),
    exited,
    signal: signal => {
      child.kill(signal);
    },
    stop: (signal = 'SIGTERM') => {
      child.kill(signal);
      return exited;
    },
  };
};

const parseLine = (line: string): LogLine[] => {
  try {
    return line.startsWith('{') ? [JSON.parse(line) as LogLine] : [];
  } catch {
    return [];
  }
};
