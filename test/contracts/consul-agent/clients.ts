import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import Consul from 'consul';
import { createConsulClient } from '../../../src/consul/client.ts';
import { CheckUnknown } from '../../../src/consul/errors.ts';
import type { Api } from './api.ts';

/** The clients that services and Sluice itself come with. */
export const clientsContract = (api: Api): void => {
  describe('clients', () => {
    test('the consul package registers, passes, watches and deregisters', async t => {
      const [host, port] = api.address().split(':');
      const consul = new Consul({ host: host ?? '', port: Number(port) });
      await consul.agent.service.register({
        name: 'packaged',
        port: 1,
        check: { name: 'alive', ttl: '60s', timeout: '1s' },
      });
      const watch = consul.watch({
        method: consul.health.service,
        options: { service: 'packaged', passing: 'true' },
      });
      t.after(() => watch.end());
      const passing = new Promise((resolve, reject) => {
        watch.on('error', reject);
        watch.on('change', (entries: unknown[]) => entries.length > 0 && resolve(entries));
      });
      await consul.agent.check.pass('service:packaged');
      await passing;
      assert.ok('packaged' in ((await consul.agent.services()) as object));
      await consul.agent.service.deregister('packaged');
    });

    test("Sluice's own client registers, beats, reads and deregisters", async t => {
      const client = createConsulClient({ address: api.address() });
      t.after(() => client.close());
      await api.register({ Name: 'own', Port: 1, Tags: ['path=/own'], Check: { TTL: '60s' } });
      assert.equal(await client.knowsService('own'), true);
      await client.updateCheck('service:own', 'passing', 'beat');
      await api.untilStatus('own', 'service:own', 'passing');
      const { data } = await client.healthService('own');
      assert.equal(data[0]?.Service.Port, 1);
      assert.deepEqual((await client.catalogServices()).data.get('own'), ['path=/own']);
      assert.ok((await client.statusLeader()).includes(':'));
      await assert.rejects(client.updateCheck('service:stranger', 'passing'), CheckUnknown);
      await client.deregisterService('own');
      assert.equal(await client.knowsService('own'), false);
    });
  });
};
