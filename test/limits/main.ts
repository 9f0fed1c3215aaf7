/**
 * Holds a shared limit of 1,000/s to its word: four gateways, more than twice as many requests, a minute; then with a Redis
 * that hangs, and one that is killed. Prints a table, and exits 1 where a line of it does not hold.
 *
 *     npm run limits -- [--seconds 60] [--offered 2400]
 */
import { parseArgs } from 'node:util';
import type { Load } from '../support/load.ts';
import { areShared, type Stage, startStage, watch } from './stage.ts';

const LIMIT = 1_000;
const WITHIN = 0.05;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    offered: { type: 'string', default: '2400' },
  },
});
const seconds = Number(values.seconds);
const offered = Number(values.offered);

let failures = 0;

const row = (what: string, passed: number, due: number, within: number): void => {
  const off = passed / due - 1;
  const holds = Math.abs(off) <= within;
  if (!holds) failures += 1;
  const percent = `${off >= 0 ? '+' : ''}${(off * 100).toFixed(2)} %`;
  console.log(`${holds ? 'ok  ' : 'BAD '} ${what.padEnd(52)} ${passed.toFixed(0).padStart(6)}/s  ${percent}`);
};

const measure = async (stage: Stage, load: Load): Promise<void> => {
  await areShared(stage, true);
  const first = await watch(stage, load, seconds * 1_000);
  row(`shared, ${first.offered.toFixed(0)}/s asked, its first ${seconds} s`, first.passed, LIMIT, WITHIN);

  await stage.redis.kill('SIGSTOP');
  await areShared(stage, false);
  const alone = await watch(stage, load, 10_000);
  row('Redis hangs: each gateway by itself, 10 s', alone.passed, Math.min(alone.offered, 4 * LIMIT), WITHIN);
  await stage.redis.kill('SIGCONT');
  await areShared(stage, true);
  await watch(stage, load, 2_000);
  row('it goes on, 10 s', (await watch(stage, load, 10_000)).passed, LIMIT, WITHIN);

  await stage.redis.kill('SIGKILL');
  await areShared(stage, false);
  const dead = await watch(stage, load, 10_000);
  row('Redis is dead: each gateway by itself, 10 s', dead.passed, Math.min(dead.offered, 4 * LIMIT), WITHIN);
  await stage.redis.restart({ wipe: true });
  await areShared(stage, true);
  await watch(stage, load, 2_000);
  row('another one, empty, 10 s', (await watch(stage, load, 10_000)).passed, LIMIT, WITHIN);
};

const ends: (() => unknown)[] = [];
const owner = { after: (end: unknown) => void ends.push(end as () => unknown) };
try {
  const stage = await startStage(owner, { tags: ['path=/orders', `rate-limit=${LIMIT}/s`] });
  const load = stage.load(offered);
  await measure(stage, load);
  const { statuses, p99 } = await load.stop();
  console.log(`answers ${JSON.stringify(statuses)}, p99 ${p99} ms over all of it`);
  if (Object.keys(statuses).some(status => status !== '200' && status !== '429')) failures += 1;
} finally {
  for (const end of ends.reverse()) await end();
}
process.exit(failures === 0 ? 0 : 1);
