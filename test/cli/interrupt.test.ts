import assert from 'node:assert/strict';
import { it } from 'node:test';
import { openRedisBoard } from '../../src/canary/redis-board.ts';
import { rollout } from '../canary/build.ts';
import { run } from '../support/processes.ts';
import { startRedis } from '../support/servers.ts';
import { eventually } from '../support/wait.ts';

it('Ctrl-C ends a command that waits: exit code 130, and not a word', async t => {
  const redis = await startRedis({ persist: false });
  t.after(() => redis.stop());
  const board = openRedisBoard({ url: redis.url, prefix: 'sluice:', id: 'the test' });
  t.after(board.close);
  // No gateway is there to take it up.
  await board.keep(rollout(), 0);
  const commands = [
    ['watch', 'orders'],
    ['start', 'users', '--to', 'v2'],
  ];
  for (const args of commands) {
    const command = run('dist/src/cli/main.js', ['canary', ...args, '--redis', redis.url]);
    t.after(() => command.stop('SIGKILL'));
    const waits = async (): Promise<boolean> =>
      command.stdout().includes('waits for a gateway') || (await board.read('users')) !== undefined;
    await eventually(waits, { within: 5_000, hint: () => `it waits; ${command.stderr()}` });
    assert.equal(await command.stop('SIGINT'), 130);
    assert.equal(command.stderr(), '');
  }
});
