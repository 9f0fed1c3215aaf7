import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { adminWeights, type WeightSource } from '../../sidecar/admin-weights.ts';
import type { AdminParts, AdminWeights } from '../../src/admin/parts.ts';
import { type AdminServer, startAdmin } from '../../src/admin/server.ts';
import type { AllWeights } from '../../src/core/model.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { freePorts } from '../support/servers.ts';
import { eventually } from '../support/wait.ts';

/** The gateway's real admin server over weights of the test. */
const gatewayWith = async (port: number, first: AllWeights) => {
  const listeners = new Set<() => void>();
  let all = first;
  let index = 1;
  const weights: AdminWeights = {
    status: () => ({ state: 'up', since: '' }),
    all: () => all,
    index: () => index,
    onChange: listener => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    set: () => Promise.reject(new Error('not here')),
    clear: () => Promise.reject(new Error('not here')),
    history: async () => [],
    refusal: () => undefined,
  };
  const parts = { weights, snapshot: () => undefined } as unknown as AdminParts;
  const server = await startAdmin({ host: '127.0.0.1', port }, parts, silentLog);
  servers.push(server);
  return {
    url: `http://${server.address}`,
    isAsked: () => listeners.size > 0,
    change: (to: AllWeights) => {
      all = to;
      index++;
      for (const listener of listeners) listener();
    },
  };
};

const servers: AdminServer[] = [];
const sources: WeightSource[] = [];
const follow = (url: string): WeightSource => {
  const source = adminWeights({ url, log: silentLog, chance: () => 0 });
  sources.push(source);
  return source;
};

const weightsOf = (v1: number, v2: number): AllWeights =>
  new Map([
    [
      'orders',
      {
        revision: 1,
        weights: new Map([
          ['v1', v1],
          ['v2', v2],
        ]),
      },
    ],
    ['users', { revision: 0, problem: 'bad value' }],
  ]);

describe("a gateway's weights, followed by a sidecar", () => {
  afterEach(async () => {
    await Promise.all([...sources.splice(0), ...servers.splice(0)].map(each => each.close()));
  });

  it('are there when follow resolves, and each change is heard at once', async () => {
    const gateway = await gatewayWith(0, weightsOf(95, 5));
    const source = follow(gateway.url);
    await source.follow(['orders']);
    assert.deepEqual(source.current(), weightsOf(95, 5));

    const heard: AllWeights[] = [];
    source.onChange(all => heard.push(all));
    const changedAt = performance.now();
    gateway.change(weightsOf(0, 100));
    await eventually(() => heard.length > 0, { within: 2_000, hint: 'the change' });
    assert.ok(performance.now() - changedAt < 500, 'a long poll, not a timer');
    assert.deepEqual(heard, [weightsOf(0, 100)]);
    assert.deepEqual(source.current(), weightsOf(0, 100));
  });

  it('stay in force while the gateway is away, and are followed again when it is back', async () => {
    const { port } = await freePorts(['port']);
    const gateway = await gatewayWith(port, weightsOf(95, 5));
    const source = follow(gateway.url);
    await source.follow(['orders']);
    await eventually(gateway.isAsked, { within: 2_000, hint: 'the sidecar waits for a change' });
    await servers.pop()?.close();
    assert.deepEqual(source.current(), weightsOf(95, 5));
    await gatewayWith(port, weightsOf(50, 50));
    await eventually(() => source.current().get('orders')?.weights?.get('v1') === 50, {
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
