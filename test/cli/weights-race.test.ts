import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import type { HistoryAnswer, LedgerEntryAnswer } from '../../src/admin/weights-api.ts';
import { run } from '../support/processes.ts';
import { type RedisServer, startRedis } from '../support/servers.ts';

/** How often two commands race; `RACES=1000 node --import tsx --test test/cli/weights-race.test.ts` for long. */
const RACES = Number(process.env.RACES ?? 5);

let redis: RedisServer;
before(async () => {
  redis = await startRedis({ persist: false });
});
after(() => redis.stop());

const weights = async (...args: string[]): Promise<{ code: number; out: string; err: string }> => {
  const command = run('dist/src/cli/main.js', ['weights', ...args, '--json', '--redis', redis.url]);
  return { code: await command.exited, out: command.stdout(), err: command.stderr() };
};

it(`two who change what they saw, ${RACES} times: one of them does, the other is told by whom`, async () => {
  const winners: string[] = [];
  for (let seen = 0; seen < RACES; seen++) {
    const pair = await Promise.all(
      ['ann', 'bob'].map(name =>
        weights('set', 'orders', `v1=${seen + 1}`, '--reason', name, '--expect-revision', `${seen}`),
      ),
    );
    const [won, lost] = pair.sort((a, b) => a.code - b.code);
    assert.deepEqual([won?.code, lost?.code], [0, 3], JSON.stringify(pair));
    const entry = JSON.parse(won?.out ?? '') as LedgerEntryAnswer;
    assert.equal(entry.revision, seen + 1);
    const words = `revision ${seen} was expected, and ${entry.actor} set v1 ${seen + 1} by cli in revision ${seen + 1} (${entry.reason})`;
    assert.ok(lost?.err.includes(words), lost?.err);
    winners.push(entry.reason ?? '');
  }
  const { entries } = JSON.parse(
    (await weights('history', 'orders', '--count', '1000')).out,
  ) as HistoryAnswer;
  assert.deepEqual(
    [...entries].reverse().map(({ revision, from, to, reason }) => [revision, from.v1, to.v1, reason]),
    winners.map((name, i) => [i + 1, i === 0 ? undefined : `${i}`, `${i + 1}`, name]),
  );
});
