import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { hashTag, slotOf } from '../../src/redis/slot.ts';
import { ask } from '../support/redis-fleet.ts';
import { freePorts, type RedisServer, startRedis } from '../support/servers.ts';

let node: RedisServer;
before(async () => {
  const { bus } = await freePorts(['bus']);
  const args = ['--cluster-enabled', 'yes', '--cluster-port', `${bus}`];
  node = await startRedis({ persist: false, args });
});
after(() => node.stop());

const keys: [key: string, tag: string | undefined][] = [
  ['123456789', undefined],
  ['{sluice}:weights:orders', 'sluice'],
  ['{sluice}:', 'sluice'],
  ['prod{sluice}{x}:ledger', 'sluice'],
  ['no{}tag{x}', undefined],
  ['open{tag', undefined],
  ['}{x}', 'x'],
  ['{{x}}', '{x'],
  ['{Größe}:x', 'Größe'],
];
for (const [key, tag] of keys) {
  it(`the slot of ${key} is what Redis says`, async () => {
    assert.equal(hashTag(key), tag);
    assert.equal(slotOf(key), await ask(node.port, 'CLUSTER', 'KEYSLOT', key));
  });
}
