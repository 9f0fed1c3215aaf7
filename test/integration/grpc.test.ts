import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { type Client, Metadata, status } from '@grpc/grpc-js';
import { type RunningSidecar, startSidecar } from '../sidecar/support.ts';
import { chat, download, unary, upload } from '../support/grpc-calls.ts';
import { startGrpcClient } from '../support/grpc-service.ts';
import { type RunningGateway, runGateway } from '../support/processes.ts';
import { type ConsulServer, startConsul } from '../support/servers.ts';
import { eventually } from '../support/wait.ts';

/** A gRPC service behind a sidecar, called through a gateway and through the sidecar of another one. */
const APP = [process.execPath, 'test/sidecar/programs/grpc-app.mjs'];

let consul: ConsulServer;
let gateway: RunningGateway;
let echo: RunningSidecar;
let caller: RunningSidecar;
const ways = { gateway: 0, sidecar: 0, caller: 0 };

before(async () => {
  consul = await startConsul();
  const sidecar = (service: string, ...args: string[]) =>
    startSidecar({
      service,
      consul: consul.address,
      args: ['--proto', 'h2c', ...args],
      command: APP,
      env: { NAME: service },
    });
  [gateway, echo, caller] = await Promise.all([
    runGateway(['--consul', consul.address, '--redis', 'off', '--access-log', 'off']),
    sidecar('echo', '--path', '/test.Echo'),
    sidecar('caller'),
  ]);
  ways.gateway = Number(new URL(await gateway.serving()).port);
  ways.sidecar = Number((await caller.outbound()).port);
  ways.caller = Number(new URL(await caller.inbound()).port);
  const first = startGrpcClient({ after }, ways.gateway);
  await eventually(async () => (await unary(first, 'there?')).error === null, {
    within: 15_000,
    hint: 'the service is there',
  });
});
after(async () => {
  await Promise.all([echo.stop(), caller.stop(), gateway.stop()]);
  await consul.stop();
});

const named = (name: string): Metadata => {
  const metadata = new Metadata();
  metadata.set('x-name', name);
  return metadata;
};

const hearsOfIt = (name: string): Promise<boolean> =>
  eventually(() => echo.output().includes(`echo cancelled ${name}\n`), {
    within: 5_000,
    hint: 'the service hears of it',
  });

for (const way of ['gateway', 'sidecar'] as const) {
  describe(`gRPC by way of a ${way}, and the sidecar of the service`, () => {
    const connect = (t: Parameters<typeof startGrpcClient>[0]): Client =>
      way === 'gateway' ? startGrpcClient(t, ways.gateway) : startGrpcClient(t, ways.sidecar, 'echo.mesh');

    it('metadata comes through both ways, text and bytes, each value of a name', async t => {
      const metadata = new Metadata();
      metadata.add('x-echo-text', 'one');
      metadata.add('x-echo-text', 'two');
      metadata.add('x-echo-bytes-bin', Buffer.from([0, 1, 255]));

      const told = await unary(connect(t), 'hello', { metadata });

      assert.equal(told.text, 'hello');
      assert.deepEqual(told.metadata.get('x-version'), ['echo']);
      assert.deepEqual(told.trailers.get('x-echo-text'), ['one, two']);
      assert.deepEqual(told.trailers.get('x-echo-bytes-bin'), [Buffer.from([0, 1, 255])]);
    });

    it('a status has its message and its details, without an answer before', async t => {
      const metadata = new Metadata();
      metadata.set('x-status', `${status.FAILED_PRECONDITION}`);
      metadata.set('x-echo-details-bin', Buffer.from('details'));

      const { error, trailers } = await unary(connect(t), 'x', { metadata });

      assert.equal(error?.code, status.FAILED_PRECONDITION);
      assert.equal(error?.details, 'wanted: 100 %');
      assert.deepEqual(trailers.get('x-echo-details-bin'), [Buffer.from('details')]);
    });

    it('streams of the client, of the service, and of both', async t => {
      const client = connect(t);
      assert.equal(await upload(client, ['a', 'b', 'c']), 'abc');
      const said: string[] = [];
      for await (const text of download(client, 'piece', named(''))) said.push(text);
      assert.deepEqual(said, ['piece 0', 'piece 1', 'piece 2']);
      const call = chat(client);
      for (const text of ['one', 'two']) {
        call.write(text);
        assert.deepEqual(await once(call, 'data'), [text.toUpperCase()]);
      }
      call.end();
      const [{ code }] = await once(call.resume(), 'status');
      assert.equal(code, status.OK);
    });

    it('messages that are larger than any window: 4 MiB there and back', async t => {
      const client = connect(t);
      const large = 'x'.repeat(4 * 1024 * 1024);

      const { text } = await unary(client, large);
      const uploaded = await upload(client, [large, large]);

      assert.equal(text, large);
      assert.equal(uploaded?.length, 2 * large.length);
    });

    it('a deadline that passes ends the call at both ends', async t => {
      const name = `deadline-${way}`;
      const { error } = await unary(connect(t), 'hang', {
        metadata: named(name),
        deadline: Date.now() + 300,
      });

      assert.equal(error?.code, status.DEADLINE_EXCEEDED);
      await hearsOfIt(name);
    });

    it('a caller that gives up is heard by the service', async t => {
      const name = `cancel-${way}`;
      const call = download(connect(t), 'hang', named(name));
      await once(call, 'data');

      call.on('error', () => {}).cancel();

      await hearsOfIt(name);
    });

    it('a service that gives up in the midst of a stream tells why', async t => {
      const call = chat(connect(t));
      call.write('one');
      await once(call, 'data');

      call.write('abort');
      const [error] = await once(call, 'error');

      assert.equal(error.code, status.ABORTED);
      assert.equal(error.details, 'the service gives up');
    });

    it('1,000 streams at once over few connections', async t => {
      const clients = Array.from({ length: 4 }, () => connect(t));
      const calls = clients.flatMap(client => Array.from({ length: 250 }, () => chat(client)));

      const answers = calls.map(call => once(call, 'data'));
      for (const call of calls) call.write('peer');
      const peers = (await Promise.all(answers)).map(([peer]) => peer);
      const ends = calls.map(call => once(call, 'status'));
      for (const call of calls) call.resume().end();
      const codes = (await Promise.all(ends)).map(([{ code }]) => code);

      assert.ok(codes.every(code => code === status.OK));
      const connections = new Set(peers).size;
      assert.ok(connections <= 10, `${connections} connections to the service`);
    });

    it('nobody of that name is UNIMPLEMENTED', async t => {
      const client =
        way === 'gateway'
          ? startGrpcClient(t, ways.gateway, 'nobody.example.com')
          : startGrpcClient(t, ways.sidecar, 'nobody.mesh');
      const path = '/test.Nobody/Unary';
      const error = await new Promise<{ code: number } | null>(resolve =>
        client.makeUnaryRequest(path, Buffer.from, String, 'x', resolve),
      );
      assert.equal(error?.code, status.UNIMPLEMENTED);
    });
  });
}

it('a program calls NAME.mesh with its own gRPC client, which reads http_proxy', async t => {
  const metadata = new Metadata();
  metadata.set('x-relay', 'echo.mesh');

  const { error, text } = await unary(startGrpcClient(t, ways.caller), 'hello', { metadata });

  assert.equal(error, null);
  assert.equal(text, 'hello');
});
