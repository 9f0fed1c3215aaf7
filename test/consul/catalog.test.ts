import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { type CatalogWatch, watchCatalog } from '../../src/consul/catalog.ts';
import { type ConsulClient, createConsulClient } from '../../src/consul/client.ts';
import type { Catalog } from '../../src/core/model/instance.ts';
import { type Log, silentLog } from '../../src/telemetry/log.ts';
import { type ConsulServer, startConsul } from '../support/servers.ts';
import { eventually } from '../support/wait.ts';
import { healthOf } from './build.ts';

const put = async (consul: ConsulServer, path: string, body?: object): Promise<void> => {
  const response = await fetch(`http://${consul.address}/v1${path}`, {
    method: 'PUT',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  assert.equal(response.status, 200, await response.text());
};

/** Straight into the catalog, under a node of its own: a thousand times faster than through an agent. */
const fill = async (consul: ConsulServer, names: readonly string[]): Promise<void> => {
  for (const name of names) {
    await put(consul, '/catalog/register', {
      Node: `node-of-${name}`,
      Address: '127.0.0.9',
      Service: { Service: name, ID: name, Port: 80, Address: '127.0.0.1' },
      Check: { CheckID: `check-${name}`, Name: name, Status: 'passing', ServiceID: name },
    });
  }
};

const connectionsTo = (consul: ConsulServer): number => {
  const port = Number(consul.address.split(':')[1]).toString(16).toUpperCase().padStart(4, '0');
  const rows = readFileSync('/proc/net/tcp', 'utf8').split('\n');
  return rows.filter(row => new RegExp(`^ *\\d+: \\S+ 0100007F:${port} 01`).test(row)).length;
};

/** Follows a Consul and remembers every catalog. */
const follow = (consul: ConsulServer, options: { holdMs?: number; log?: Log } = {}) => {
  const client = createConsulClient({ address: consul.address });
  const seen: Catalog[] = [];
  const onCatalog = (catalog: Catalog): void => void seen.push(catalog);
  const watch = watchCatalog({ client, onCatalog, log: silentLog, ...options });
  const last = (): Catalog | undefined => seen.at(-1);
  const close = (): void => {
    watch.stop();
    client.close();
  };
  return { watch, client, seen, last, close };
};

const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `service-${i}`);

describe('catalog, 300 services in real Consul', () => {
  let consul: ConsulServer;
  let following: ReturnType<typeof follow>;
  before(async () => {
    consul = await startConsul();
    await fill(consul, names(300));
    following = follow(consul);
    await following.watch.ready;
  });
  after(async () => {
    following.close();
    await consul.stop();
  });
  const untilHealth = (service: string, health: string | undefined) =>
    eventually(() => healthOf(following.last(), service) === health, {
      within: 1_000,
      hint: `${service} ${health}`,
    });

  it('is complete at the first call, over fewer than 20 connections', () => {
    assert.equal(following.seen.length, 1);
    assert.equal(following.last()?.size, 301);
    assert.equal(following.watch.status().state, 'up');
    const count = connectionsTo(consul);
    assert.ok(count >= 3 && count < 20, `${count} connections`);
  });

  it('follows one service through its life, each step within a second', async () => {
    const before = following.last();
    await put(consul, '/agent/service/register', {
      Name: 'orders',
      ID: 'o1',
      Port: 81,
      Check: { CheckID: 'ttl', TTL: '60s' },
    });
    await untilHealth('orders', 'critical');
    await put(consul, '/agent/check/pass/ttl');
    await untilHealth('orders', 'passing');
    // With a critical check elsewhere the list of critical ones does not ring for this.
    await put(consul, '/catalog/register', {
      Node: 'node-of-service-7',
      Address: '127.0.0.9',
      Check: { CheckID: 'check-service-7', Name: 'c', Status: 'critical', ServiceID: 'service-7' },
    });
    await untilHealth('service-7', 'critical');
    await put(consul, '/agent/check/warn/ttl');
    await untilHealth('orders', 'warning');
    await put(consul, '/agent/check/pass/ttl');
    await untilHealth('orders', 'passing');
    await put(consul, '/agent/service/maintenance/o1?enable=true');
    await untilHealth('orders', 'maintenance');
    await put(consul, '/agent/service/maintenance/o1?enable=false');
    await untilHealth('orders', 'passing');
    assert.equal(following.last()?.get('service-1'), before?.get('service-1'), 'others keep their identity');
    await put(consul, '/agent/service/deregister/o1');
    await untilHealth('orders', undefined);
  });

  it('sees that only a port changed', async () => {
    const port = (at: number): object => ({ Name: 'moved', ID: 'm1', Port: at });
    await put(consul, '/agent/service/register', port(81));
    await untilHealth('moved', 'passing');
    await put(consul, '/agent/service/register', port(82));
    await eventually(() => following.last()?.get('moved')?.[0]?.port === 82, {
      within: 1_000,
      hint: 'the new port',
    });
    assert.equal(following.last()?.get('moved')?.length, 1);
  });

  it('a service may be called as what every object has', async () => {
    const { since } = following.watch.status();
    await put(consul, '/agent/service/register', {
      Name: 'constructor',
      ID: 'c',
      Port: 81,
      Tags: ['path=/c'],
    });
    await untilHealth('constructor', 'passing');
    await put(consul, '/agent/service/deregister/c');
    await untilHealth('constructor', undefined);
    assert.equal(following.watch.status().since, since, 'the session is unbroken');
  });

  it('a name that Consul cannot be asked for costs itself only', async () => {
    const { since } = following.watch.status();
    for (const name of ['..', '.', 'a//b', 'a/./b', 'line\nbreak']) {
      await put(consul, '/agent/service/register', {
        Name: name,
        ID: `odd-${name.length}-${name.charCodeAt(0)}`,
        Port: 81,
      });
    }
    await put(consul, '/agent/service/register', { Name: 'beside', ID: 'b', Port: 81 });
    await untilHealth('beside', 'passing');
    await put(consul, '/agent/service/deregister/b');
    await untilHealth('beside', undefined);
    assert.equal(following.watch.status().since, since, 'the session is unbroken');
  });

  it('sees a whole node fall', async () => {
    await put(consul, '/catalog/register', {
      Node: 'node-of-service-9',
      Address: '127.0.0.9',
      Check: { CheckID: 'serfHealth', Name: 'serf', Status: 'critical' },
    });
    await untilHealth('service-9', 'critical');
  });

  it('leaves out what has no port, and what changes nothing is not told', async () => {
    await put(consul, '/agent/service/register', { Name: 'portless', ID: 'p1' });
    await put(consul, '/agent/service/register', { Name: 'after', ID: 'a1', Port: 1 });
    await untilHealth('after', 'passing');
    const told = following.seen.length;
    assert.equal(following.last()?.has('portless'), false);
    await put(consul, '/agent/service/register', { Name: 'after', ID: 'a1', Port: 1 });
    await put(consul, '/agent/service/register', { Name: 'last', ID: 'l1', Port: 1 });
    await untilHealth('last', 'passing');
    assert.equal(following.seen.length, told + 1);
  });
});

describe('catalog, when Consul dies', () => {
  it('holds what a wiped Consul has forgotten, and lets go of it when its time is over', async t => {
    const consul = await startConsul();
    t.after(() => consul.stop());
    await fill(consul, ['orders', 'users']);
    const following = follow(consul, { holdMs: 2_500 });
    t.after(following.close);
    await following.watch.ready;
    await consul.kill('SIGKILL');
    await eventually(() => following.watch.status().state === 'down', { within: 2_000, hint: 'down' });
    await consul.restart({ wipe: true });
    const held = await eventually(
      () =>
        following
          .last()
          ?.get('orders')
          ?.find(i => i.heldUntil !== undefined),
      {
        within: 8_000,
        hint: 'orders held',
      },
    );
    assert.equal(held.health, 'passing');
    await fill(consul, ['users']);
    await eventually(() => following.last()?.get('users')?.[0]?.heldUntil === undefined, {
      within: 2_000,
      hint: 'users seen again',
    });
    await eventually(() => following.last()?.has('orders') === false, { within: 3_500, hint: 'orders gone' });
    assert.equal(healthOf(following.last(), 'users'), 'passing');
    assert.ok(
      following.seen.every(catalog => healthOf(catalog, 'users') === 'passing'),
      'users served all the time',
    );
    // The new life is trusted: a deregistration counts at once.
    await put(consul, '/catalog/deregister', { Node: 'node-of-users', ServiceID: 'users' });
    await eventually(() => following.last()?.has('users') === false, { within: 1_000, hint: 'users gone' });
  });

  it('holds most services that go at once in an unbroken session, until somebody lets go of them', async t => {
    const consul = await startConsul();
    t.after(() => consul.stop());
    const all = names(6);
    await fill(consul, all);
    const following = follow(consul);
    t.after(following.close);
    await following.watch.ready;
    const leave = (gone: readonly string[]): Promise<void> =>
      put(
        consul,
        '/txn',
        gone.map(name => ({ Node: { Verb: 'delete', Node: { Node: `node-of-${name}` } } })),
      );
    await leave(all.slice(0, 2));
    await eventually(() => following.last()?.size === 5, { within: 1_000, hint: 'two of six are believed' });
    await leave(all.slice(2));
    await eventually(() => following.last()?.get('service-5')?.[0]?.heldUntil, {
      within: 2_000,
      hint: 'four of four are held',
    });
    assert.equal(following.last()?.size, 5);
    assert.equal(following.watch.release('service-5'), 1);
    assert.equal(following.watch.release(), 3);
    assert.deepEqual([...(following.last()?.keys() ?? [])], ['consul']);
    assert.equal(following.watch.status().state, 'up');
  });

  it('an agent that restarts with its data and takes its HTTP checks for critical costs nothing', async t => {
    const held: ServerResponse[] = [];
    let answers = true;
    const app = createServer((_, response) => {
      if (answers) response.end();
      else held.push(response);
    }).listen(0, '127.0.0.1');
    await once(app, 'listening');
    t.after(() => app.close());
    const consul = await startConsul({ dev: false });
    t.after(() => consul.stop());
    const { port } = app.address() as { port: number };
    const check = { CheckID: 'http', HTTP: `http://127.0.0.1:${port}/`, Interval: '1s', Status: 'passing' };
    await put(consul, '/agent/service/register', { Name: 'orders', ID: 'o1', Port: port, Check: check });
    const following = follow(consul);
    t.after(following.close);
    await following.watch.ready;
    await eventually(() => healthOf(following.last(), 'orders') === 'passing', {
      within: 1_000,
      hint: 'passing',
    });
    const from = following.seen.length - 1;
    // Until the application answers, the restarted agent has nothing but its initial "critical".
    answers = false;
    await consul.restart({ wipe: false });
    const doubted = (): boolean => following.last()?.get('orders')?.[0]?.heldUntil !== undefined;
    await eventually(doubted, { within: 10_000, hint: 'Consul says critical, and is doubted' });
    answers = true;
    for (const response of held) response.end();
    await eventually(() => !doubted(), { within: 5_000, hint: 'passing again' });
    assert.ok(following.seen.slice(from).every(catalog => healthOf(catalog, 'orders') === 'passing'));
  });

  it('what ACLs hide of one service makes nothing doubtful about the others', async t => {
    const consul = await startConsul();
    t.after(() => consul.stop());
    for (const name of ['hidden', 'open']) {
      await put(consul, '/agent/service/register', { Name: name, ID: name, Port: 80 });
    }
    const real = createConsulClient({ address: consul.address });
    // Consul says so from 1.11 on.
    const client: ConsulClient = {
      ...real,
      healthServiceSince: async (name, ...rest) => ({
        ...(await real.healthServiceSince(name, ...rest)),
        filteredByAcls: name === 'hidden',
      }),
    };
    let last: Catalog | undefined;
    const onCatalog = (catalog: Catalog): void => {
      last = catalog;
    };
    const watch = watchCatalog({ client, onCatalog, log: silentLog });
    t.after(() => {
      watch.stop();
      real.close();
    });
    await watch.ready;
    for (const name of ['hidden', 'open']) await put(consul, `/agent/service/deregister/${name}`);
    await eventually(() => last?.has('open') === false, { within: 1_000, hint: 'gone' });
    await eventually(() => last?.get('hidden')?.[0]?.heldUntil, { within: 1_000, hint: 'held' });
  });

  it('waits for a Consul that is not there yet, and says so once', async t => {
    const consul = await startConsul();
    t.after(() => consul.stop());
    await consul.kill();
    const lines: string[] = [];
    const say = (_: unknown, message?: string): void => void lines.push(message ?? String(_));
    const following = follow(consul, { log: { debug: say, info: say, warn: say, error: say } });
    t.after(following.close);
    await eventually(() => lines.length > 0, { within: 2_000, hint: 'the first line' });
    assert.equal(following.seen.length, 0);
    await consul.restart({ wipe: true });
    await following.watch.ready;
    // A Consul that has just begun may not list itself yet, which is told, too.
    const of = (line: string): number => lines.filter(each => each === line).length;
    assert.deepEqual([of('Consul is away; waiting for it'), of('Consul answers again')], [1, 1]);
    await eventually(() => following.last()?.has('consul'), { within: 5_000, hint: 'Consul lists itself' });
  });

  it('nothing is told after stop', async t => {
    const consul = await startConsul();
    t.after(() => consul.stop());
    const following: { watch: CatalogWatch; client: ConsulClient; seen: Catalog[]; close: () => void } =
      follow(consul);
    await following.watch.ready;
    const told = following.seen.length;
    following.watch.stop();
    await put(consul, '/agent/service/register', { Name: 'late', ID: 'l1', Port: 1 });
    const other = follow(consul);
    t.after(other.close);
    await other.watch.ready;
    assert.equal(other.last()?.has('late'), true);
    assert.equal(following.seen.length, told);
    following.close();
  });
});
