import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HealthEntry } from '../../src/consul/answers.ts';
import { readInstances } from '../../src/consul/instances.ts';

const check = (id: string, status: string, serviceId = 'o1') => ({
  Node: 'n1',
  CheckID: id,
  Status: status,
  ServiceID: serviceId,
  ServiceName: serviceId === '' ? '' : 'orders',
});

const entry = (
  service: Partial<HealthEntry['Service']> = {},
  checks: HealthEntry['Checks'] = [],
  nodeAddress = '10.0.0.1',
): HealthEntry => ({
  Node: { Node: 'n1', Address: nodeAddress },
  Service: {
    ID: 'o1',
    Service: 'orders',
    Tags: ['version=v2'],
    Address: '127.0.0.1',
    Port: 80,
    Weights: { Passing: 10, Warning: 2 },
    CreateIndex: 5,
    ModifyIndex: 7,
    ...service,
  },
  Checks: checks,
});

describe('readInstances', () => {
  it('types one instance', () => {
    const [instance] = readInstances([entry()]).instances;
    assert.deepEqual(instance, {
      id: 'n1/o1@127.0.0.1:80',
      service: 'orders',
      serviceId: 'o1',
      node: 'n1',
      address: '127.0.0.1',
      port: 80,
      health: 'passing',
      tags: ['version=v2'],
      weight: 10,
      createIndex: 5,
      modifyIndex: 7,
    });
  });

  const HEALTH: readonly [string, HealthEntry['Checks'], string, number][] = [
    ['no checks', [], 'passing', 10],
    ['checks are null', null, 'passing', 10],
    ['all pass', [check('c', 'passing'), check('serfHealth', 'passing', '')], 'passing', 10],
    ['one warns', [check('c', 'warning'), check('d', 'passing')], 'warning', 2],
    ['one is critical, another warns', [check('c', 'critical'), check('d', 'warning')], 'critical', 10],
    ['the node is down', [check('c', 'passing'), check('serfHealth', 'critical', '')], 'critical', 10],
    ['a status that nobody knows', [check('c', 'fine')], 'critical', 10],
    [
      'service maintenance outranks critical',
      [check('c', 'critical'), check('_service_maintenance:o1', 'critical')],
      'maintenance',
      10,
    ],
    [
      'node maintenance outranks passing',
      [check('_node_maintenance', 'critical', ''), check('c', 'passing')],
      'maintenance',
      10,
    ],
  ];
  for (const [what, checks, health, weight] of HEALTH) {
    it(`health: ${what}: ${health}`, () => {
      const [instance] = readInstances([entry({}, checks)]).instances;
      assert.equal(instance?.health, health);
      assert.equal(instance?.weight, weight);
    });
  }

  it("takes the node's address where the service has none, and 1 where Consul says no weight", () => {
    const [instance] = readInstances([entry({ Address: '', Weights: null, Tags: null })]).instances;
    assert.equal(instance?.address, '10.0.0.1');
    assert.equal(instance?.weight, 1);
    assert.deepEqual(instance?.tags, []);
  });

  it('writes IPv6 addresses into identities as URLs do', () => {
    const [instance] = readInstances([entry({ Address: '::1' })]).instances;
    assert.equal(instance?.address, '::1');
    assert.equal(instance?.id, 'n1/o1@[::1]:80');
  });

  it('leaves out what has no port or no address, and says so', () => {
    const { instances, skipped } = readInstances([
      entry({ ID: 'p', Port: 0 }),
      entry({ ID: 'q', Address: '' }, [], ''),
      entry({ ID: 'r', Address: '10.0.0.1/24' }),
      entry(),
    ]);
    assert.deepEqual(
      instances.map(i => i.serviceId),
      ['o1'],
    );
    assert.deepEqual(skipped, ['n1/p has no port', 'n1/q has no address', 'n1/r has no address']);
  });

  it("does not depend on the order of Consul's answer", () => {
    const [a, b] = [entry({ ID: 'a' }), entry({ ID: 'b' })];
    assert.deepEqual(readInstances([b, a]), readInstances([a, b]));
  });
});
