import assert from 'node:assert/strict';
import { connect, createServer, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { connectRedis } from '../../src/redis/connection.ts';
import { RedisRefused, RedisUnavailable } from '../../src/redis/errors.ts';
import { subscribeRedis } from '../../src/redis/subscriber.ts';
import { createLog, type Log, silentLog } from '../../src/telemetry/log.ts';
import { freePorts, startRedis } from '../support/servers.ts';
import { eventually } from '../support/wait.ts';

const PASSWORD = 'pa/ss#w%rd';
const server = await startRedis({ args: ['--requirepass', PASSWORD], persist: false });
after(() => server.stop());
const url = (password: string): string => `redis://:${encodeURIComponent(password)}@127.0.0.1:${server.port}`;

const recordingLog = (): { log: Log; lines: string[] } => {
  const lines: string[] = [];
  return {
    lines,
    log: createLog({ level: 'debug', name: 'test', destination: { write: line => lines.push(line) } }),
  };
};

test('a Redis that comes later is found, and both states are said once', async t => {
  const { redis: port } = await freePorts(['redis']);
  const { log, lines } = recordingLog();
  const connection = connectRedis({ url: `redis://127.0.0.1:${port}`, log, name: 'test' });
  t.after(() => connection.close());
  assert.equal(connection.state().state, 'connecting');

  await eventually(() => connection.state().state === 'down', { within: 2_000, hint: 'known to be away' });
  assert.match(connection.state().detail ?? '', /ECONNREFUSED/);
  await assert.rejects(
    connection.run(client => client.ping()),
    (error: unknown) =>
      error instanceof RedisUnavailable && !error.sent && /ECONNREFUSED/.test(error.message),
  );

  const late = await startRedis({ port, persist: false });
  t.after(() => late.stop());
  assert.equal(await connection.run(client => client.ping()), 'PONG');
  assert.equal(connection.state().state, 'up');
  assert.equal(lines.length, 2, lines.join(''));
});

test('a stalled Redis is given up in time, and used again when it wakes', async t => {
  const stalling = await startRedis({ persist: false });
  t.after(() => stalling.stop());
  const connection = connectRedis({ url: stalling.url, log: silentLog, name: 'test', commandTimeoutMs: 200 });
  t.after(() => connection.close());
  await eventually(() => connection.state().state === 'up', { within: 3_000, hint: 'up' });

  await stalling.kill('SIGSTOP');
  await assert.rejects(
    connection.run(client => client.ping()),
    (error: unknown) => error instanceof RedisUnavailable && error.sent,
  );
  assert.equal(connection.state().state, 'down');
  await stalling.kill('SIGCONT');
  await eventually(() => connection.state().state === 'up', { within: 3_000, hint: 'up again' });
});

test('closing is bounded even while Redis is stalled', async () => {
  const stalling = await startRedis({ persist: false });
  const connection = connectRedis({ url: stalling.url, log: silentLog, name: 'test' });
  await connection.run(client => client.ping());
  await stalling.kill('SIGSTOP');
  const pending = assert.rejects(
    connection.run(client => client.ping()),
    RedisUnavailable,
  );
  const begun = performance.now();
  await connection.close();
  assert.ok(performance.now() - begun < 1_000);
  await pending;
  await stalling.stop();
});

test('closing ends the wait for a Redis that is away', async () => {
  const { redis: port } = await freePorts(['redis']);
  const connection = connectRedis({
    url: `redis://127.0.0.1:${port}`,
    log: silentLog,
    name: 'test',
    commandTimeoutMs: 3_600_000,
  });
  const waiting = assert.rejects(
    connection.run(client => client.ping()),
    RedisUnavailable,
  );
  await connection.close();
  await waiting;
});

test('closing harms nobody, whenever it comes', async () => {
  const { redis: away } = await freePorts(['redis']);
  for (const target of [url(PASSWORD), url('n0t-it'), `redis://127.0.0.1:${away}`]) {
    for (let turns = 0; turns < 20; turns++) {
      const options = { url: target, log: silentLog, name: 'test' };
      const connection = connectRedis(options);
      const subscriber = subscribeRedis({
        ...options,
        channel: 'sluice:weights',
        onMessage: () => {},
        onSubscribed: () => {},
      });
      const asked = connection.run(client => client.ping()).catch((error: unknown) => error);
      for (let turn = 0; turn < turns; turn++) await new Promise(resolve => setImmediate(resolve));
      await Promise.all([connection.close(), subscriber.close()]);
      const answer = await asked;
      assert.ok(answer === 'PONG' || answer instanceof RedisUnavailable || answer instanceof RedisRefused);
    }
  }
});

test('the password is in no log line and no error: right, wrong and missing', async () => {
  const { log, lines } = recordingLog();
  const right = connectRedis({ url: url(PASSWORD), log, name: 'right' });
  assert.equal(await right.run(client => client.ping()), 'PONG');
  const refused = await right.run(client => client.call('NOSUCH', PASSWORD)).catch((error: unknown) => error);
  assert.ok(refused instanceof RedisRefused);
  assert.ok(!refused.message.includes(PASSWORD) && refused.message.includes('***'), refused.message);
  assert.ok(!('command' in refused));
  await right.close();

  const wrong = connectRedis({ url: url('n0t-it'), log, name: 'wrong' });
  await eventually(() => wrong.state().state === 'down', { within: 2_000, hint: 'refused' });
  assert.match(wrong.state().detail ?? '', /WRONGPASS/);
  await wrong.close();

  const missing = connectRedis({ url: server.url, log, name: 'missing' });
  await eventually(() => missing.state().state === 'down', { within: 2_000, hint: 'refused' });
  assert.match(missing.state().detail ?? '', /NOAUTH/);
  await missing.close();

  const all = lines.join('');
  assert.ok(lines.length >= 3);
  for (const secret of [PASSWORD, encodeURIComponent(PASSWORD), 'n0t-it'])
    assert.ok(!all.includes(secret), all);
});

test('a half-open subscription is noticed by its PING and renewed', async t => {
  // Passes everything on to the real Redis until it goes deaf, as a partition does: no FIN, no RST, no data.
  let deaf = false;
  const sockets = new Set<Socket>();
  const proxy = createServer(downstream => {
    const upstream = connect(server.port, '127.0.0.1');
    for (const socket of [downstream, upstream]) sockets.add(socket.on('error', () => {}));
    const mine = !deaf;
    downstream.on('data', data => (mine && deaf) || upstream.write(data));
    upstream.on('data', data => (mine && deaf) || downstream.write(data));
  });
  proxy.listen(0, '127.0.0.1');
  await eventually(() => proxy.listening, { within: 1_000, hint: 'proxy' });
  const address = proxy.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  let subscriptions = 0;
  const heard: string[] = [];
  const subscriber = subscribeRedis({
    url: `redis://:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}`,
    log: silentLog,
    name: 'test',
    channel: 'sluice:weights',
    onMessage: message => heard.push(message),
    onSubscribed: () => subscriptions++,
    watchEveryMs: 50,
    commandTimeoutMs: 100,
  });
  t.after(async () => {
    await subscriber.close();
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  await eventually(() => subscriptions === 1, { within: 2_000, hint: 'subscribed' });
  deaf = true;
  // A busy machine may take a PING or two for lost, which only renews once more.
  await eventually(() => subscriptions >= 2, { within: 10_000, hint: 'subscribed again' });

  const publisher = connectRedis({ url: url(PASSWORD), log: silentLog, name: 'publisher' });
  t.after(() => publisher.close());
  await publisher.run(client => client.publish('sluice:weights', 'orders'));
  await eventually(() => heard.includes('orders'), { within: 1_000, hint: 'message' });
});
