import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Api, type Entry, findCheck } from './api.ts';

/** Nodes without an agent of their own. */
export const catalogWritesContract = (api: Api): void => {
  describe('the catalog without an agent', () => {
    test('takes nodes with services and checks, and lets go of them one by one or whole', async () => {
      const Node = 'outside';
      await api.put('/catalog/register', {
        Node,
        Address: '127.0.0.9',
        NodeMeta: { external: 'true' },
        Service: { ID: 'far-1', Service: 'far', Port: 80, Tags: ['path=/far'], Meta: { a: 'b' } },
        Checks: [
          { CheckID: 'far-alive', Name: 'alive', ServiceID: 'far-1', Status: 'passing' },
          { Name: 'ping', Status: 'warning' },
        ],
      });
      const there = await api.until<Entry[]>('/health/service/far', list => list.length === 1);
      const [entry] = there.body;
      assert.deepEqual([entry?.Node.Address, entry?.Service.Port], ['127.0.0.9', 80]);
      assert.deepEqual(
        entry?.Checks.map(c => [c.CheckID, c.Status, c.ServiceName]),
        [
          ['ping', 'warning', ''],
          ['far-alive', 'passing', 'far'],
        ],
      );
      assert.deepEqual((await api.get('/agent/services')).body, {}, 'it is none of the agent');

      const failing = api.wait<Entry[]>('/health/service/far', there.index);
      await api.put('/catalog/register', {
        Node,
        Address: '127.0.0.9',
        NodeMeta: { external: 'true' },
        Check: { CheckID: 'far-alive', Name: 'alive', ServiceID: 'far-1', Status: 'critical' },
      });
      assert.equal(findCheck((await failing).body, 'far-alive')?.Status, 'critical');

      await api.put('/catalog/deregister', { Node, CheckID: 'ping' });
      await api.until<Entry[]>('/health/service/far', list => findCheck(list, 'ping') === undefined);
      await api.put('/catalog/deregister', { Node, ServiceID: 'far-1' });
      await api.until<Entry[]>('/health/service/far', list => list.length === 0);
      await api.put('/catalog/deregister', { Node });
      await api.until<{ Node: string }[]>('/catalog/nodes', nodes => nodes.every(n => n.Node !== Node));
    });
  });
};
