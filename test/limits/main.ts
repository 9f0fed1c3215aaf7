/**
 * Holds a shared limit of 1,000/s to its word: four gateways, more than twice as many requests, a minute; then with a Redis
 * that hangs, and one that is killed. Prints a table, and exits 1 where a line of it does not hold.
 *
 *     npm run limits -- [--seconds 60] [--offered 2400]
 */
import { parseArgs } from 'node:util';
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

/** One line of the table: a load of its own for so many seconds, and what of it must pass. */
const row = async (
  stage: Stage,
  what: string,
  forSeconds: number,
  due: (offered: number) => number,
): Promise<void> => {
  const load = stage.load(offered);
  const { offered: asked, passed } = await watch(stage, load, forSeconds * 1_000);
  const { statuses, p99 } = await load.stop();
  const off = passed / due(asked) - 1;
  const others = Object.keys(statuses).filter(status => status !== '200' && status !== '429');
  const holds = Math.abs(off) <= WITHIN && others.length === 0;
  if (!holds) failures += 1;
  const cells = [
    holds ? 'ok ' : 'BAD',
    what.padEnd(36),
    `${forSeconds} s`.padStart(5),
    `${asked.toFixed(0)}/s asked`.padStart(14),
    `${passed.toFixed(0)}/s passed`.padStart(14),
    `${off >= 0 ? '+' : ''}${(off * 100).toFixed(2)} %`.padStart(9),
    `p99 ${p99} ms`.padStart(11),
  ];
  console.log([...cells, ...others].join('  '));
};

const all = (): number => LIMIT;
/** After a rest, what was saved up comes on top. */
const allWithBurst = (): number => LIMIT + LIMIT / 10;
const byThemselves = (asked: number): number => Math.min(asked, 4 * LIMIT);

const ends: (() => unknown)[] = [];
const owner = { after: (end: unknown) => void ends.push(end as () => unknown) };
try {
  const stage = await startStage(owner, { tags: ['path=/orders', `rate-limit=${LIMIT}/s`] });
  await areShared(stage, true);
  await row(stage, 'shared, from the first request on', seconds, all);

  await stage.redis.kill('SIGSTOP');
  await row(stage, 'Redis hangs: each by itself', 10, byThemselves);
  await stage.redis.kill('SIGCONT');
  await areShared(stage, true);
  await row(stage, 'it goes on, after a rest', 10, allWithBurst);

  await stage.redis.kill('SIGKILL');
  await row(stage, 'Redis is dead: each by itself', 10, byThemselves);
  await stage.redis.restart({ wipe: true });
  await areShared(stage, true);
  await row(stage, 'another one, empty, after a rest', 10, allWithBurst);
} finally {
  for (const end of ends.reverse()) await end();
}
process.exit(failures === 0 ? 0 : 1);
