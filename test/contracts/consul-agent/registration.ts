import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Api, Check, Entry } from './api.ts';

/** Who is in the catalog, and how a registration made again changes it. */
export const registrationContract = (api: Api): void => {
  describe('registration', () => {
    test('a service is in the catalog, in the agent and in health, with all that it said', async () => {
      await api.register({
        ID: 'reg-1',
        Name: 'reg',
        Tags: ['path=/reg', 'version=v1'],
        Meta: { team: 'a' },
        Address: '127.0.0.1',
        Port: 8080,
        Weights: { Passing: 5, Warning: 2 },
        Check: { TTL: '60s', Name: 'alive', Notes: 'beats' },
      });
      const services = await api.get<Record<string, string[]>>('/catalog/services');
      assert.deepEqual(services.body.reg?.toSorted(), ['path=/reg', 'version=v1'], 'in any order');
      assert.equal(services.headers.get('x-consul-knownleader'), 'true');
      assert.equal(services.headers.get('x-consul-lastcontact'), '0');

      const [row] = (await api.get<Record<string, unknown>[]>('/catalog/service/reg')).body;
      assert.equal(row?.ServiceID, 'reg-1');
      assert.deepEqual(row?.ServiceWeights, { Passing: 5, Warning: 2 });

      const [entry] = (await api.entries('reg')).body;
      assert.ok(entry);
      const { Service, Node, Checks } = entry;
      assert.deepEqual(
        [
          Service.ID,
          Service.Service,
          Service.Tags,
          Service.Address,
          Service.Port,
          Service.Meta,
          Service.Weights,
        ],
        [
          'reg-1',
          'reg',
          ['path=/reg', 'version=v1'],
          '127.0.0.1',
          8080,
          { team: 'a' },
          { Passing: 5, Warning: 2 },
        ],
      );
      assert.ok(Service.CreateIndex > 0 && Service.ModifyIndex >= Service.CreateIndex);
      assert.equal(Node.Address, '127.0.0.1');
      assert.deepEqual(
        Checks.map(c => [c.CheckID, c.Name, c.Status, c.Notes, c.ServiceID, c.ServiceName, c.Type]),
        [
          ['serfHealth', 'Serf Health Status', 'passing', '', '', '', ''],
          ['service:reg-1', 'alive', 'critical', 'beats', 'reg-1', 'reg', 'ttl'],
        ],
      );

      const own = await api.get<Record<string, Record<string, unknown>>>('/agent/services');
      assert.equal(own.body['reg-1']?.Service, 'reg');
      const one = await api.get<Record<string, unknown>>('/agent/service/reg-1');
      assert.equal(one.body.Port, 8080);
      const checks = await api.get<Record<string, Check>>('/agent/checks');
      assert.equal(checks.body['service:reg-1']?.Status, 'critical');
    });

    test('the answers have the fields of Consul 1.8.7', async () => {
      await api.register({ Name: 'shape', Port: 1, Check: { TTL: '60s' } });
      const [entry] = (await api.entries('shape')).body;
      const [row] = (await api.get<object[]>('/catalog/service/shape')).body;
      const own = await api.get<Record<string, object>>('/agent/services');
      const checks = await api.get<Record<string, object>>('/agent/checks');
      const [node] = (await api.get<object[]>('/catalog/nodes')).body;
      const fields = (of: object | undefined): string =>
        Object.keys(of ?? {})
          .sort()
          .join(' ');
      assert.deepEqual(
        {
          entry: fields(entry),
          node: fields(entry?.Node),
          service: fields(entry?.Service),
          check: fields(entry?.Checks[1]),
          row: fields(row),
          own: fields(own.body.shape),
          ownCheck: fields(checks.body['service:shape']),
          catalogNode: fields(node),
        },
        {
          entry: 'Checks Node Service',
          node: 'Address CreateIndex Datacenter ID Meta ModifyIndex Node TaggedAddresses',
          service:
            'Address Connect CreateIndex EnableTagOverride ID Meta ModifyIndex Port Proxy Service Tags Weights',
          check:
            'CheckID CreateIndex Definition ModifyIndex Name Node Notes Output ServiceID ServiceName ServiceTags Status Type',
          row: 'Address CreateIndex Datacenter ID ModifyIndex Node NodeMeta ServiceAddress ServiceConnect ServiceEnableTagOverride ServiceID ServiceKind ServiceMeta ServiceName ServicePort ServiceProxy ServiceTags ServiceWeights TaggedAddresses',
          own: 'Address EnableTagOverride ID Meta Port Service Tags Weights',
          ownCheck:
            'CheckID CreateIndex Definition ModifyIndex Name Node Notes Output ServiceID ServiceName ServiceTags Status Type',
          catalogNode: 'Address CreateIndex Datacenter ID Meta ModifyIndex Node TaggedAddresses',
        },
      );
      assert.equal(entry?.Service.Meta, null);
    });

    test('field names may be in any case, some with underscores', async () => {
      await api.register({ Name: 'lower' });
      await api.put('/agent/service/register', {
        name: 'lower',
        id: 'lower',
        port: 7,
        enable_tag_override: true,
        check: {
          ttl: '60s',
          status: 'warning',
          deregister_critical_service_after: '90s',
        },
      });
      assert.equal((await api.untilStatus('lower', 'service:lower', 'warning')).Type, 'ttl');
    });

    test('several checks are numbered; one is not', async () => {
      await api.register({
        Name: 'many',
        Checks: [
          { TTL: '60s', Status: 'passing' },
          { TTL: '60s', Name: 'b' },
        ],
      });
      const [entry] = (await api.entries('many')).body;
      assert.deepEqual(
        entry?.Checks.slice(1).map(c => [c.CheckID, c.Name, c.Status]),
        [
          ['service:many:1', "Service 'many' check", 'passing'],
          ['service:many:2', 'b', 'critical'],
        ],
      );
    });

    test('ids may hold slashes and spaces, encoded or not', async () => {
      for (const [id, path] of [
        ['odd/id a', 'odd/id%20a'],
        ['odd/id b', 'odd%2Fid%20b'],
      ] as const) {
        await api.register({ ID: id, Name: 'odd' });
        await api.put(`/agent/service/deregister/${path}`);
        await api.until<Entry[]>('/health/service/odd', list => list.length === 0);
      }
    });

    test('?tag narrows, in any case, and all that are given must be there', async () => {
      await api.register({ ID: 'tag-1', Name: 'tagged', Tags: ['version=v1', 'eu'] });
      await api.register({ ID: 'tag-2', Name: 'tagged', Tags: ['version=v2', 'eu'] });
      const ids = async (query: string): Promise<string[]> =>
        (await api.get<Entry[]>(`/health/service/tagged?${query}`)).body.map(e => e.Service.ID);
      assert.deepEqual(await ids('tag=EU'), ['tag-1', 'tag-2']);
      assert.deepEqual(await ids('tag=eu&tag=version=v2'), ['tag-2']);
      assert.deepEqual(await ids('tag=nowhere'), []);
      const services = await api.get<Record<string, string[]>>('/catalog/services');
      assert.deepEqual(services.body.tagged?.toSorted(), ['eu', 'version=v1', 'version=v2']);
    });

    test('deregistration takes the service and its checks out everywhere; an unknown id is no error', async () => {
      await api.register({ Name: 'leaver', Check: { TTL: '60s' } });
      await api.deregister('leaver');
      await api.until<Entry[]>('/health/service/leaver', list => list.length === 0);
      assert.equal((await api.get<Record<string, unknown>>('/catalog/services')).body.leaver, undefined);
      assert.deepEqual((await api.get('/catalog/service/leaver')).body, []);
      assert.deepEqual((await api.get('/health/checks/leaver')).body, []);
      assert.equal(
        (await api.get<Record<string, unknown>>('/agent/checks')).body['service:leaver'],
        undefined,
      );
    });

    test('the same again changes no index of the service and of the list', async () => {
      const service = { Name: 'same', Port: 1, Tags: ['a'], Check: { TTL: '60s' } };
      await api.register(service);
      const before = await api.entries('same');
      const list = await api.get('/catalog/services');
      await api.put('/agent/service/register', service);
      await api.register({ Name: 'same-witness' });
      assert.equal((await api.entries('same')).index, before.index);
      assert.deepEqual((await api.entries('same')).body, before.body);
      assert.ok((await api.get('/catalog/services')).index > list.index, 'the witness alone moved the list');
    });

    test('a check keeps its state over a re-registration, whatever Status that names', async () => {
      await api.register({ Name: 'again', Port: 1, Check: { TTL: '60s' } });
      await api.put('/agent/check/pass/service:again?note=fine');
      await api.untilStatus('again', 'service:again', 'passing');
      for (const query of ['', '?replace-existing-checks']) {
        const Port = query === '' ? 2 : 3;
        await api.put(`/agent/service/register${query}`, {
          Name: 'again',
          Port,
          Check: { TTL: '60s', Status: 'critical' },
        });
        const { body } = await api.until<Entry[]>(
          '/health/service/again',
          list => list[0]?.Service.Port === Port,
        );
        assert.equal(body[0]?.Checks[1]?.Status, 'passing');
        assert.equal(body[0]?.Checks[1]?.Output, 'fine');
      }
    });

    test('a check that is not named again stays, unless checks are replaced', async () => {
      await api.register({ Name: 'shed', Port: 1, Check: { TTL: '60s' } });
      await api.put('/agent/service/register', { Name: 'shed', Port: 2 });
      const kept = await api.until<Entry[]>('/health/service/shed', list => list[0]?.Service.Port === 2);
      assert.equal(kept.body[0]?.Checks.length, 2);
      await api.put('/agent/service/register?replace-existing-checks=true', { Name: 'shed', Port: 2 });
      await api.until<Entry[]>('/health/service/shed', list => list[0]?.Checks.length === 1);
    });

    test('an id that is registered under another name leaves the first one', async () => {
      await api.register({ ID: 'turncoat', Name: 'old-name', Check: { TTL: '60s' } });
      await api.register({ ID: 'turncoat', Name: 'new-name', Check: { TTL: '60s' } });
      await api.until<Entry[]>('/health/service/old-name', list => list.length === 0);
      const [check] = (await api.get<Check[]>('/health/checks/new-name')).body;
      assert.equal(check?.ServiceName, 'new-name');
    });
  });
};
