import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { Inlet } from '../../../src/proxy/express/inlet.ts';
import { eventually } from '../../support/wait.ts';
import { listenOn, portOf, rawClient } from '../support/raw.ts';

/** A connection with a client at its other end. */
const connection = async (t: TestContext, accept: (accepted: Socket) => Inlet) => {
  let opened: { accepted: Socket; inlet: Inlet } | undefined;
  const server = createServer({ allowHalfOpen: true }, accepted => {
    opened = { accepted, inlet: accept(accepted) };
  });
  await listenOn(server);
  t.after(() => server.close());
  const client = await rawClient(t, portOf(server));
  const { accepted, inlet } = await eventually(() => opened, { within: 1_000, hint: 'a connection' });
  t.after(() => inlet.socket.destroy());
  return { server, client, accepted, inlet };
};

/** As a Node whose handles cannot read into a buffer of ours. */
const withoutBuffer = (accepted: Socket): Socket => {
  const { _handle: handle } = accepted as unknown as { _handle: object };
  Object.defineProperty(handle, 'useUserBuffer', { value: undefined });
  return accepted;
};

const WAYS = {
  'read into one buffer': (accepted: Socket) => accepted,
  'read like the others': withoutBuffer,
};

for (const [way, prepare] of Object.entries(WAYS)) {
  describe(`a connection that is ${way}`, () => {
    it('gives what it reads, then emits it', async t => {
      let read = '';
      const { client, inlet } = await connection(t, accepted => {
        const opened = new Inlet(prepare(accepted));
        opened.open(bytes => {
          read += bytes.toString('latin1');
        });
        return opened;
      });
      client.send('first');
      await eventually(() => read === 'first', { within: 1_000, hint: () => read });
      inlet.leave();
      const emitted: Buffer[] = [];
      inlet.socket.on('data', bytes => emitted.push(bytes));
      client.send('second');
      await eventually(() => emitted.length === 1, { within: 1_000, hint: 'an event' });
      client.send('third');
      await eventually(() => emitted.length === 2, { within: 1_000, hint: 'another' });
      // What was emitted is not written over by what is read later.
      assert.equal(Buffer.concat(emitted).toString('latin1'), 'secondthird');
      assert.equal(read, 'first');
    });

    it('is not read while it is paused', async t => {
      let read = 0;
      const { client, inlet } = await connection(t, accepted => {
        const opened = new Inlet(prepare(accepted));
        opened.open(bytes => {
          read += bytes.length;
          opened.socket.pause();
        });
        return opened;
      });
      // More than sockets hold, so that a reader who reads on would get it all.
      const MUCH = 32 * 1024 * 1024;
      client.send('x'.repeat(MUCH));
      await eventually(() => read > 0, { within: 1_000, hint: 'a first piece' });
      const first = read;
      await eventually(() => client.socket.writableLength > 0, {
        within: 1_000,
        hint: 'a client that waits',
      });
      assert.equal(read, first);
      inlet.socket.resume();
      await eventually(() => read > first, { within: 1_000, hint: 'a second piece' });
      assert.ok(read < MUCH);
    });

    it('tells of its end', async t => {
      let ended = false;
      const { client } = await connection(t, accepted => {
        const opened = new Inlet(prepare(accepted));
        opened.open(() => {});
        opened.socket.once('end', () => {
          ended = true;
        });
        return opened;
      });
      client.socket.end('last words');
      await eventually(() => ended, { within: 1_000, hint: 'an end' });
    });
  });
}

it('this Node has handles that read into a buffer of ours', async t => {
  const { accepted, inlet } = await connection(t, socket => new Inlet(socket));
  assert.notEqual(inlet.socket, accepted);
});

it('the server counts the connection until it is over', async t => {
  const { server, inlet } = await connection(t, socket => new Inlet(socket));
  const count = () => new Promise<number>(resolve => server.getConnections((_, n) => resolve(n)));
  assert.equal(await count(), 1);
  inlet.socket.destroy();
  await eventually(async () => (await count()) === 0, { within: 1_000, hint: 'no connection' });
});
