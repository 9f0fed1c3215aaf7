import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { after, before, it, type TestContext } from 'node:test';
import { type Client, ServerCredentials, type ServerDuplexStream, status } from '@grpc/grpc-js';
import { startSidecar } from '../sidecar/support.ts';
import { makeAuthority } from '../support/certificates.ts';
import { chat, unary } from '../support/grpc-calls.ts';
import { startGrpcClient, startGrpcServer } from '../support/grpc-service.ts';
import { type RunningGateway, runGateway } from '../support/processes.ts';
import { type ConsulServer, ownFolder, startConsul } from '../support/servers.ts';
import { deregister, register } from '../support/service.ts';
import { eventually } from '../support/wait.ts';

/** gRPC services that were registered as with curl, behind a gateway with workers. */
let consul: ConsulServer;
let gateway: RunningGateway;
let front: number;
const args = () => ['--consul', consul.address, '--redis', 'off', '--access-log', 'off', '--workers', '2'];

before(async () => {
  consul = await startConsul();
  gateway = await runGateway(args());
  front = Number(new URL(await gateway.serving()).port);
});
after(async () => {
  await gateway.stop();
  await consul.stop();
});

/** Answers with its name, and echoes. */
const service = (name: string) => ({
  unary: (_: unknown, answer: (error: null, text: string) => void) => answer(null, name),
  upload: () => {},
  download: () => {},
  chat: (call: ServerDuplexStream<string, string>) =>
    call.on('data', text => call.write(text)).on('end', () => call.end()),
});

const announce = (id: string, port: number, ...tags: string[]): Promise<void> =>
  register(consul.address, {
    ID: id,
    Name: id.split('-')[0] ?? id,
    Port: port,
    Tags: ['proto=h2c', ...tags],
  });

const codeOf = async (client: Client): Promise<number> => {
  const { error } = await unary(client, 'x');
  return error?.code ?? status.OK;
};

const answers = (client: Client, code: number): Promise<boolean> =>
  eventually(async () => (await codeOf(client)) === code, { within: 10_000, hint: `status ${code}` });

it('is split call by call, over one connection', async t => {
  for (const [version, weight] of [
    ['v1', 3],
    ['v2', 1],
  ] as const) {
    const port = await startGrpcServer(t, service(version));
    const tags = [`version=${version}`, `weight=${weight}`, 'host=split.test'];
    await announce(`split-${version}`, port, ...tags);
  }
  const client = startGrpcClient(t, front, 'split.test');
  const isSplit = async (): Promise<boolean> => {
    const told = await Promise.all(Array.from({ length: 8 }, () => unary(client, 'x')));
    return new Set(told.map(({ text }) => text)).size === 2;
  };
  await eventually(isSplit, { within: 10_000, hint: 'both versions are there' });

  const told = await Promise.all(Array.from({ length: 400 }, () => unary(client, 'x')));

  const ofV2 = told.filter(({ text }) => text === 'v2').length;
  assert.ok(Math.abs(ofV2 - 100) <= 20, `${ofV2} of 400 at v2, which has a quarter`);
});

it('unknown, dead and away, it is told of in the words of gRPC', async t => {
  const client = startGrpcClient(t, front, 'away.test');
  assert.equal(await codeOf(client), status.UNIMPLEMENTED);
  const ends: (() => void)[] = [];
  const port = await startGrpcServer({ after: end => ends.push(end) }, service('away'));
  await announce('away-1', port, 'host=away.test');
  await answers(client, status.OK);
  const open = chat(client);
  open.write('still here');
  await once(open, 'data');

  for (const end of ends) end();

  const [error] = await once(open, 'error');
  assert.equal(error.code, status.INTERNAL);
  assert.equal(await codeOf(client), status.UNAVAILABLE);
  await deregister(consul.address, 'away-1');
  await answers(client, status.UNIMPLEMENTED);
});

it('over TLS, by what a sidecar is told of authorities', async t => {
  const folder = ownFolder('grpc-tls');
  t.after(() => rmSync(folder, { recursive: true }));
  const authority = makeAuthority(folder, 'ours');
  const files = authority.sign('secure', 'DNS:secure.test');
  const pair = { cert_chain: readFileSync(files.cert), private_key: readFileSync(files.key) };
  const port = await startGrpcServer(t, service('secure'), ServerCredentials.createSsl(null, [pair]));
  await register(consul.address, {
    ...{ ID: 'secure-1', Name: 'secure', Port: port },
    Tags: ['proto=h2', 'tls-server-name=secure.test'],
  });
  const outbound = async (...flags: string[]): Promise<Client> => {
    const sidecar = await startSidecar({ consul: consul.address, args: flags });
    t.after(() => sidecar.stop());
    return startGrpcClient(t, Number((await sidecar.outbound()).port), 'secure.mesh');
  };

  const [knowing, unknowing] = await Promise.all([outbound('--upstream-ca', authority.cert), outbound()]);

  const { error, text } = await unary(knowing, 'x');
  assert.equal(error, null);
  assert.equal(text, 'secure');
  assert.equal(await codeOf(unknowing), status.UNAVAILABLE);
});

it('a stream goes on while the gateway drains, until the deadline of that', async (t: TestContext) => {
  const port = await startGrpcServer(t, service('long'));
  await announce('long-1', port, 'host=long.test');
  const leaving = await runGateway([...args(), '--drain', '3s']);
  t.after(() => leaving.stop('SIGKILL'));
  const at = Number(new URL(await leaving.serving()).port);
  const client = startGrpcClient(t, at, 'long.test');
  await answers(client, status.OK);
  const call = chat(client);
  const said = async (text: string): Promise<void> => {
    call.write(text);
    assert.deepEqual(await once(call, 'data'), [text]);
  };
  await said('before');

  const signalled = performance.now();
  leaving.signal('SIGTERM');
  const isRefused = async (): Promise<boolean> => {
    const late = startGrpcClient(t, at, 'long.test');
    return (await codeOf(late)) === status.UNAVAILABLE;
  };
  await eventually(isRefused, { within: 2_000, hint: 'new connections are refused' });
  await said('meanwhile');

  const [error] = await once(call, 'error');
  assert.equal(error.code, status.UNAVAILABLE);
  assert.ok(performance.now() - signalled >= 2_900, 'not before its time is over');
  assert.equal(await leaving.exited, 0);
});
