import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { endWithUs, mortal, onPath } from '../../test/support/child.ts';
import type { Requests, Throughput } from './load.ts';

const SCRIPT = fileURLToPath(new URL('wrk.lua', import.meta.url));

/**
 * As many requests as the peer answers, by wrk: one thread, each connection asks again once it has its answer.
 * @throws with wrk's words where it fails
 */
export const saturate = async (
  port: number,
  { method, path, bodyBytes, connections, fresh, tls, rules }: Requests,
  seconds: number,
  stopping: AbortSignal,
): Promise<Throughput> => {
  const wrk = onPath('wrk');
  if (wrk === undefined) throw new Error('the load is wrk: run `bash bench/setup.sh` to get it');
  const scheme = tls === 'no' ? 'http' : 'https';
  const [file, ...args] = mortal([
    ...[wrk, '--threads', '1', '--connections', `${connections}`, '--timeout', '10s'],
    // Ended below, to a fraction of a second; this is for when nobody does.
    ...[
      '--duration',
      `${Math.ceil(seconds) + 60}s`,
      '--script',
      SCRIPT,
      `${scheme}://127.0.0.1:${port}${path}`,
    ],
    ...['--', method, `${bodyBytes}`, fresh ? 'close' : 'keep-alive', `${rules}`],
  ] as [string, ...string[]]);
  const child = endWithUs(spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true }));
  let words = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      words += text;
    });
  }
  const interrupt = (): void => {
    child.kill('SIGINT');
  };
  const timer = setTimeout(interrupt, seconds * 1_000);
  stopping.addEventListener('abort', interrupt);
  await once(child, 'close');
  clearTimeout(timer);
  stopping.removeEventListener('abort', interrupt);
  stopping.throwIfAborted();
  return readFigures(words);
};

/** @param words all that wrk said, the line of wrk.lua among it */
export const readFigures = (words: string): Throughput => {
  const line = words.split('\n').find(each => each.startsWith('{'));
  if (line === undefined) throw new Error(`wrk gave no figures; it said: ${words.trim()}`);
  const { requests, micros, bad } = JSON.parse(line) as { requests: number; micros: number; bad: number };
  return { done: requests, seconds: micros / 1e6, bad };
};
