import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { eventually } from './wait.ts';

/** A Node program of ours as a real process, with what it printed. Ended when the test process ends. */
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

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SIGNALS: Readonly<Record<string, number>> = { SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Only these pass on from the environment of the tests, so that nobody's own Consul or Redis takes part. */
const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'LANG'];

/** @param script from the root of the repository, e.g. `dist/src/cli/main.js` */
export const run = (
  script: string,
  args: readonly string[],
  { env = {}, cwd = ROOT }: { env?: Readonly<Record<string, string>>; cwd?: string } = {},
): RunningProcess => {
  const inherited = Object.fromEntries(INHERITED.map(name => [name, process.env[name] ?? '']));
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL(`../../${script}`, import.meta.url)), ...args],
    {
      cwd,
      env: { ...inherited, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  running.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', chunk => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', chunk => {
    stderr += chunk;
  });
  const exited = once(child, 'close').then(([code, signal]) => {
    running.delete(child);
    return (code as number | null) ?? 128 + (SIGNALS[signal as string] ?? 0);
  });
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
    return [JSON.parse(line) as LogLine];
  } catch {
    return [];
  }
};

export interface RunningGateway extends RunningProcess {
  /** `http://127.0.0.1:PORT` of the admin API. */
  readonly admin: string;
  /** `http://127.0.0.1:PORT` of the traffic port; waits until it serves. */
  serving(within?: number): Promise<string>;
}

/** `sluice gateway` (or another command that prints the same) on free ports. */
export const runGateway = async (
  args: readonly string[],
  { env = {}, command = 'gateway' }: { env?: Readonly<Record<string, string>>; command?: string } = {},
): Promise<RunningGateway> => {
  const ports = ['--listen', '127.0.0.1:0', '--admin', '127.0.0.1:0'];
  const gateway = run('dist/src/cli/main.js', [command, ...ports, ...args], { env });
  let ended = false;
  void gateway.exited.then(() => {
    ended = true;
  });
  const field = (name: string, within: number): Promise<string> =>
    eventually(
      () => {
        if (ended) throw new Error(`the gateway ended: ${gateway.stderr()}`);
        const value = gateway.log().find(line => typeof line[name] === 'string')?.[name];
        return value === undefined ? undefined : `http://${String(value)}`;
      },
      { within, hint: () => `the gateway says "${name}"; it said: ${gateway.stderr().slice(-500)}` },
    );
  const admin = await field('admin', 15_000);
  return { ...gateway, admin, serving: (within = 15_000) => field('listen', within) };
};
