import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { endWithUs, mortal, onPath } from '../../test/support/child.ts';

/** What slowhttptest does to a server: connections that never get anywhere. */
export interface Attack {
  readonly name: string;
  readonly about: string;
  /** Of slowhttptest. */
  readonly args: readonly string[];
  readonly path: string;
}

export const ATTACKS: readonly Attack[] = [
  { name: 'headers', about: 'a field now and then, never the end of the head', args: ['-H'], path: '/' },
  { name: 'body', about: 'a few bytes of 4 KiB now and then', args: ['-B'], path: '/' },
  {
    name: 'long body',
    about: 'the same of 900 kB, which goes upstream as it comes',
    args: ['-B', '-s', '900000'],
    path: '/upload',
  },
  {
    name: 'read',
    about: '1 MiB taken by a few bytes a second, three times over',
    args: ['-X', '-k', '3', '-n', '1', '-z', '32', '-w', '512', '-y', '1024'],
    path: '/1m',
  },
];

export interface RunningAttack {
  /** What became of the connections, in slowhttptest's words. */
  readonly words: () => string;
  stop(): Promise<void>;
}

/** How many connections it opens a second: as in the examples of its manual. */
export const OPENED_A_SECOND = 200;

/** Begins to open so many connections. @throws where slowhttptest is missing */
export const startAttack = (
  { args, path }: Attack,
  port: number,
  connections: number,
  seconds: number,
): RunningAttack => {
  const program = onPath('slowhttptest');
  if (program === undefined)
    throw new Error('the attacker is slowhttptest: run `bash bench/slow.sh` to get it');
  const [file, ...rest] = mortal([
    // Elsewhere it would take none of this machine's time.
    ...['chrt', '--idle', '0', program, ...args, '-c', `${connections}`, '-r', `${OPENED_A_SECOND}`],
    ...['-i', '5', '-l', `${Math.ceil(seconds)}`, '-p', '3', '-v', '1'],
    ...['-u', `http://127.0.0.1:${port}${path}`],
  ] as [string, ...string[]]);
  const child = endWithUs(spawn(file, rest, { stdio: ['ignore', 'pipe', 'pipe'], detached: true }));
  let words = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      words = (words + text).slice(-4_000);
    });
  }
  const exited = once(child, 'exit');
  return {
    words: () => words,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
    },
  };
};
