import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endWithUs, mortal, onPath } from '../../test/support/child.ts';
import { MESSAGE, UNARY_PATH } from './grpc-lane.ts';
import type { Calls, Streams, Throughput } from './load.ts';

/** As many requests as the peer answers, by h2load, which always has `streams` under way on each connection. @throws with its words where it fails */
export const saturateStreams = async (
  port: number,
  load: Streams | Calls,
  seconds: number,
  stopping: AbortSignal,
): Promise<Throughput> => {
  const h2load = onPath('h2load');
  if (h2load === undefined) throw new Error('the load is h2load: run `bash bench/setup.sh` to get it');
  const message = join(tmpdir(), `sluice-bench-message-${process.pid}`);
  writeFileSync(message, MESSAGE);
  // It takes whole seconds only.
  const whole = Math.max(1, Math.round(seconds));
  const [file, ...args] = mortal([
    ...[h2load, '--clients', `${load.connections}`, '--max-concurrent-streams', `${load.streams}`],
    ...['--duration', `${whole}`],
    ...(load.kind === 'http2'
      ? [`https://127.0.0.1:${port}/`]
      : [
          ...['--data', message, '--header', 'content-type: application/grpc', '--header', 'te: trailers'],
          `http://127.0.0.1:${port}${UNARY_PATH}`,
        ]),
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
  stopping.addEventListener('abort', interrupt);
  await once(child, 'close');
  stopping.removeEventListener('abort', interrupt);
  rmSync(message, { force: true });
  stopping.throwIfAborted();
  return readStreamFigures(words, whole);
};

/**
 * @param words all that h2load said
 * @param seconds for which it ran
 */
export const readStreamFigures = (words: string, seconds: number): Throughput => {
  const requests = /^requests: .*?(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout/m.exec(words);
  const codes = /^status codes: (\d+) 2xx/m.exec(words);
  if (requests === null || codes === null)
    throw new Error(`h2load gave no figures; it said: ${words.trim()}`);
  const [, succeeded, failed] = requests.map(Number) as [number, number, number];
  const good = Number(codes[1]);
  return { done: good, seconds, bad: failed + Math.max(0, succeeded - good) };
};
