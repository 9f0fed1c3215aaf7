import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { type CheckStatus, createConsulClient } from '../../src/consul/client.ts';
import { keepRegistered } from '../../src/consul/register.ts';
import type { ServiceCheck } from '../../src/consul/registration.ts';
import { watchService } from '../../src/consul/service-watch.ts';
import type { Instance } from '../../src/core/model/instance.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { systemTimers, type Timers } from '../../src/telemetry/timers.ts';
import { type ConsulServer, startConsul } from '../support/servers.ts';
import { eventually } from '../support/wait.ts';

/** Waits a twentieth of what it is asked to. */
const fastTimers: Timers = { ...systemTimers, after: (ms, run) => systemTimers.after(ms / 20, run) };

let lastId = 0;

/** A kept registration of a service of its own, and everything that a caller of it sees. */
const keep = (
  t: TestContext,
  consul: ConsulServer,
  options: { check: ServiceCheck; health?: () => CheckStatus | Promise<CheckStatus>; timers?: Timers },
) => {
  const client = createConsulClient({ address: consul.address, timeoutMs: 1_000 });
  const name = `kept-${++lastId}`;
  const seen: (readonly Instance[])[] = [];
  const onInstances = (instances: readonly Instance[]): void => void seen.push(instances);
  const watch = watchService({ client, name, onInstances, log: silentLog });
  const registration = keepRegistered({
    client,
    definition: { id: name, name, address: '127.0.0.1', port: 3_000, tags: [], check: options.check },
    health: options.health ?? (() => 'passing'),
    log: silentLog,
    ...(options.timers === undefined ? {} : { timers: options.timers }),
  });
  t.after(async () => {
    await registration.close();
    watch.stop();
    client.close();
  });
  const untilHealth = (health: string | undefined, within = 1_000): Promise<unknown> =>
    eventually(() => seen.length > 0 && seen.at(-1)?.[0]?.health === health, {
      within,
      hint: `${name} ${health}`,
    });
  const healths = (): (string | undefined)[] => seen.map(([instance]) => instance?.health);
  return { name, client, registration, seen, untilHealth, healths };
};

describe('keepRegistered', () => {
  let consul: ConsulServer;
  before(async () => {
    consul = await startConsul();
  });
  after(() => consul.stop());

  it('is passing from the first moment on, and gone within a second of close', async t => {
    const { registration, untilHealth, healths } = keep(t, consul, { check: { ttlSeconds: 60 } });
    await registration.ready;
    await untilHealth('passing');
    assert.ok(!healths().includes('critical'));
    await registration.close();
    await untilHealth(undefined);
  });

  it('reports a changed health at once', async t => {
    let health: CheckStatus = 'critical';
    const { registration, untilHealth } = keep(t, consul, {
      check: { ttlSeconds: 60 },
      health: () => health,
    });
    await untilHealth('critical');
    for (const next of ['passing', 'warning', 'critical'] as const) {
      health = next;
      registration.healthChanged();
      await untilHealth(next);
    }
  });

  it('keeps a TTL check alive', async t => {
    let asked = 0;
    const health = (): CheckStatus => {
      asked += 1;
      return 'passing';
    };
    const { healths } = keep(t, consul, { check: { ttlSeconds: 1 }, health });
    await eventually(() => asked >= 7, { within: 5_000, hint: 'two TTLs of reports' });
    assert.deepEqual(
      healths().filter(each => each !== undefined),
      ['passing'],
    );
  });

  it('a service that is silent becomes critical when its TTL expires', async t => {
    let asked = 0;
    const health = (): CheckStatus | Promise<CheckStatus> =>
      asked++ === 0 ? 'passing' : new Promise(() => {});
    const { untilHealth } = keep(t, consul, { check: { ttlSeconds: 1 }, health });
    await untilHealth('passing');
    await untilHealth('critical', 3_000);
  });

  it('a health that cannot be told is critical', async t => {
    const health = (): CheckStatus => {
      throw new Error('no idea');
    };
    const { untilHealth } = keep(t, consul, { check: { ttlSeconds: 60 }, health });
    await untilHealth('critical');
  });

  for (const [kind, check] of [
    ['TTL', { ttlSeconds: 60 }],
    ['HTTP', { http: 'http://127.0.0.1:1/', intervalSeconds: 60 }],
  ] as const) {
    it(`registers again when the agent has forgotten it (${kind} check)`, async t => {
      const { name, client, registration } = keep(t, consul, { check, timers: fastTimers });
      await registration.ready;
      await client.deregisterService(name);
      await eventually(() => client.knowsService(name), { within: 3_000, hint: 'registered again' });
    });
  }
});

describe('keepRegistered, when Consul is away', () => {
  it('registers when Consul comes, survives a wipe without being missed, and gives up at close only', async t => {
    const consul = await startConsul();
    t.after(() => consul.stop());
    await consul.kill();
    const kept = keep(t, consul, { check: { ttlSeconds: 3 } });
    await consul.restart({ wipe: true });
    await kept.registration.ready;
    await kept.untilHealth('passing', 5_000);
    const from = kept.healths().lastIndexOf('passing');
    await consul.kill('SIGKILL');
    await consul.restart({ wipe: true });
    await eventually(() => kept.client.knowsService(kept.name), { within: 5_000, hint: 'registered again' });
    await eventually(() => kept.seen.at(-1)?.[0]?.heldUntil === undefined, {
      within: 5_000,
      hint: 'no longer held',
    });
    assert.ok(
      kept
        .healths()
        .slice(from)
        .every(health => health === 'passing'),
      kept.healths().join(),
    );
    await consul.kill('SIGKILL');
    const started = performance.now();
    await kept.registration.close();
    assert.ok(performance.now() - started < 4_500);
    await consul.restart({ wipe: true });
    // Whoever comes later is registered; the closed one is not.
    const other = keep(t, consul, { check: { ttlSeconds: 3 } });
    await other.registration.ready;
    assert.equal(await other.client.knowsService(kept.name), false);
  });
});
