import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { endWithUs, mortal } from '../test/support/child.ts';
import { eventually } from '../test/support/wait.ts';

export interface ProgramSpec {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  /** It is up when it takes connections at this port of 127.0.0.1. */
  readonly port: number;
}

/** A server that is measured, or that a measurement needs. */
export interface Program {
  readonly pid: number;
  /** SIGTERM, after 5 s SIGKILL; waits for the end. */
  stop(): Promise<void>;
}

const PATIENCE_MS = 5_000;

/**
 * Starts a server and waits until it takes connections. It ends with this process whatever becomes of that.
 * @throws with its last words where it does not come up
 */
export const startProgram = async ({ name, command, env = {}, port }: ProgramSpec): Promise<Program> => {
  const [file, ...args] = mortal(command, 'SIGTERM');
  const child = endWithUs(
    spawn(file, args, {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // Ctrl-C is for the bench, which ends its servers itself.
      detached: true,
    }),
    'SIGTERM',
  );
  let words = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      words = (words + text).slice(-2_000);
    });
  }
  const exited = once(child, 'exit');
  exited.catch(() => {});
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;

  const stop = async (): Promise<void> => {
    if (hasEnded() || child.pid === undefined) return;
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    await exited;
    clearTimeout(kill);
  };

  try {
    await eventually(() => hasEnded() || takesConnections(port), {
      within: 15_000,
      hint: () => `${name} takes connections; it said: ${words.trim() || 'nothing'}`,
    });
    if (hasEnded()) throw new Error(`${name} ended; it said: ${words.trim() || 'nothing'}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { pid: child.pid ?? 0, stop };
};

const takesConnections = async (port: number): Promise<boolean> => {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(1_000) });
    return true;
  } finally {
    socket.destroy();
  }
};
