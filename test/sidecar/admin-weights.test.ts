import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { adminWeights, type WeightSource } from '../../sidecar/admin-weights.ts';
import type { AdminParts } from '../../src/admin/parts.ts';
import { type AdminServer, startAdmin } from '../../src/admin/server.ts';
import type { AllWeights } from '../../src/core/model/split.ts';
import { type Log, silentLog } from '../../src/telemetry/log.ts';
import { openMemoryStore } from '../../src/weights/memory-store.ts';
import { emptySnapshot } from '../core/build.ts';
import { freePorts } from '../support/servers.ts';
import { eventually } from '../support/wait.ts';

/** The gateway's real admin server over a real store. */
const gatewayOn = async (port: number, v1: number, v2: number) => {
  const store = openMemoryStore({ log: silentLog });
  const current = { snapshot: emptySnapshot(), since: 0 };
  const parts = { weights: store, snapshot: () => current } as unknown as AdminParts;
  const server = await startAdmin({ host: '127.0.0.1', port }, parts, silentLog);
  servers.push(server);
  const dial = async (v1: number, v2: number) => {
    await store.set('orders', new Map(Object.entries({ v1, v2 })), { actor: 'test', source: 'api' });
  };
  await dial(v1, v2);
  await store.follow(['orders', 'users']);
  return { url: `http://${server.address}`, dial };
};

const servers: AdminServer[] = [];
const sources: WeightSource[] = [];
const warnings: unknown[] = [];
const log: Log = { ...silentLog, warn: (line: unknown) => void warnings.push(line) };
const follow = (url: string): WeightSource => {
  const source = adminWeights({ url, log, chance: () => 0 });
  sources.push(source);
  return source;
};

const inForce = (source: WeightSource) => Object.fromEntries(source.current().get('orders')?.weights ?? []);

describe("a gateway's weights, followed by a sidecar", () => {
  afterEach(async () => {
    warnings.length = 0;
    await Promise.all([...sources.splice(0), ...servers.splice(0)].map(each => each.close()));
  });

  it('are there when follow resolves, and each change is heard at once', async () => {
    const gateway = await gatewayOn(0, 95, 5);
    const source = follow(gateway.url);
    await source.follow(['orders']);
    assert.deepEqual(inForce(source), { v1: 95, v2: 5 });
    assert.deepEqual(source.current().get('users'), { revision: 0 });

    const heard: AllWeights[] = [];
    source.onChange(all => heard.push(all));
    const changedAt = performance.now();
    await gateway.dial(0, 100);
    await eventually(() => heard.length > 0, { within: 2_000, hint: 'the change' });
    assert.ok(performance.now() - changedAt < 500, 'a long poll, not a timer');
    assert.deepEqual(inForce(source), { v1: 0, v2: 100 });
    assert.equal(heard[0], source.current());
  });

  it('stay in force while the gateway is away, and are followed again when it is back', async () => {
    const { port } = await freePorts(['port']);
    const gateway = await gatewayOn(port, 95, 5);
    const source = follow(gateway.url);
    await source.follow(['orders']);
    await servers.pop()?.close();
    await eventually(() => warnings.length === 1, { within: 2_000, hint: 'the loss is noticed, and told' });
    assert.deepEqual(inForce(source), { v1: 95, v2: 5 });
    await gatewayOn(port, 50, 50);
    await eventually(() => inForce(source).v1 === 50, {
      within: 5_000,
      hint: 'the weights of the gateway that came back',
    });
  });

  it('hold nobody up while there is no gateway', async () => {
    const { port } = await freePorts(['port']);
    const source = follow(`http://127.0.0.1:${port}`);
    await source.follow(['orders']);
    assert.deepEqual(source.current(), new Map());
  });

  it('hold nobody up for longer than asked while the gateway is silent', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const source = follow(`http://127.0.0.1:${port}`);
    await source.follow(['orders'], 50);
    assert.deepEqual(source.current(), new Map());
    await source.close();
    silent.close();
  });
});
