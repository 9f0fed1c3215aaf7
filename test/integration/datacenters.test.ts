import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { runGateway } from '../support/processes.ts';
import { type ConsulServer, freePorts, startConsul } from '../support/servers.ts';
import { register, type Service, startService } from '../support/service.ts';
import { eventually } from '../support/wait.ts';

/** Two real datacenters, joined; the gateway talks to an agent of the first only. */
let here: ConsulServer;
let there: ConsulServer;
const services: Service[] = [];

const startIn = async (datacenter: string): Promise<ConsulServer & { readonly wan: number }> => {
  const { wan } = await freePorts(['wan']);
  const consul = await startConsul({ config: { datacenter, ports: { serf_wan: wan } } });
  return Object.assign(consul, { wan });
};

const registerIn = async (consul: ConsulServer, name: string, answer: string): Promise<void> => {
  const service = await startService(answer);
  services.push(service);
  await register(consul.address, { ID: name, Name: name, Port: service.port, Tags: [`path=/${name}`] });
};

before(async () => {
  const [first, second] = await Promise.all([startIn('dc1'), startIn('dc2')]);
  [here, there] = [first, second];
  await fetch(`http://${here.address}/v1/agent/join/127.0.0.1:${second.wan}?wan=1`, { method: 'PUT' });
  await eventually(async () => (await fetch(`http://${here.address}/v1/catalog/services?dc=dc2`)).ok, {
    within: 20_000,
    hint: 'the first datacenter reaches the second',
  });
  await registerIn(here, 'orders', 'from dc1');
  await registerIn(there, 'orders', 'from dc2');
});
after(async () => {
  await Promise.all([here.stop(), there.stop(), ...services.map(service => service.stop())]);
});

const start = (args: readonly string[]) =>
  runGateway(['--consul', here.address, '--redis', 'off', '--access-log', 'off', ...args]);

describe('datacenters', () => {
  it("unless said, the agent's own is followed", async t => {
    const gateway = await start([]);
    t.after(() => gateway.stop());
    assert.equal(await (await fetch(`${await gateway.serving()}/orders`)).text(), 'from dc1');
  });

  it('--consul-dc follows another through the same agent, its changes too', async t => {
    const gateway = await start(['--consul-dc', 'dc2']);
    t.after(() => gateway.stop());
    const front = await gateway.serving();
    assert.equal(await (await fetch(`${front}/orders`)).text(), 'from dc2');
    await registerIn(there, 'late', 'late in dc2');
    await eventually(async () => (await (await fetch(`${front}/late`)).text()) === 'late in dc2', {
      within: 3_000,
      hint: 'a change over there is followed',
    });
  });

  it('one that nobody knows is said', async t => {
    const gateway = await start(['--consul-dc', 'dc9']);
    t.after(() => gateway.stop());
    await eventually(() => /No path to datacenter/.test(gateway.stderr()), {
      within: 5_000,
      hint: () => `it says so; it said ${gateway.stderr()}`,
    });
  });
});
