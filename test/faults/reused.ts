import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type RawUpstream, rawClient, rawUpstream } from '../proxy/support/raw.ts';
import { eventually } from '../support/wait.ts';
import { codeText, type Scene } from './row.ts';
import { startHop } from './support/hop.ts';
import { healthy, OK } from './support/instances.ts';

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody';
const STRAY = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray';

/** A caller whose first request was answered, so that a connection to the instance rests; there is another instance. */
const served = async (t: TestContext, script: Parameters<typeof rawUpstream>[1]) => {
  const upstream = await rawUpstream(t, script);
  const other = await healthy(t);
  const { port, ended, blamed } = await startHop(t, [upstream.port, other.port]);
  const client = await rawClient(t, port);
  client.send(GET);
  await client.until(/whole$/);
  return { upstream, other, client, ended, blamed };
};

const closed = (upstream: RawUpstream): Promise<true> =>
  eventually(() => upstream.connections[0]?.socket.destroyed, { within: 2_000, hint: 'it is closed' });

/** What goes wrong on a connection that has served a request, and may serve another. */
export const REUSED_SCENES: readonly Scene[] = [
  {
    fault: 'an answer that nobody asked for, on a connection that rests',
    caller: 'nothing of it; the connection is closed',
    retried: 'nothing',
    blamed: 'nobody',
    play: async t => {
      const { upstream, client, blamed } = await served(t, socket => socket.write(OK));
      upstream.connections[0]?.socket.write(STRAY);
      await closed(upstream);
      client.send(GET);
      await client.until(/whole[\s\S]*whole$/);
      assert.doesNotMatch(client.received(), /stray/);
      assert.deepEqual(blamed, []);
    },
  },
  {
    fault: 'more bytes than the answer has',
    caller: 'the whole answer; the connection is closed',
    retried: 'nothing',
    blamed: 'nobody',
    play: async t => {
      const { upstream, client, blamed } = await served(t, (socket, _, seen) =>
        socket.write(seen === 0 ? OK + STRAY : OK),
      );
      await closed(upstream);
      client.send(GET);
      await client.until(/whole[\s\S]*whole$/);
      assert.doesNotMatch(client.received(), /stray/);
      assert.deepEqual(blamed, []);
    },
  },
  {
    fault: 'a connection that rests is closed',
    caller: 'the whole answer, over another',
    retried: 'nothing',
    blamed: 'nobody',
    play: async t => {
      const { upstream, client, ended, blamed } = await served(t, socket => socket.write(OK));
      upstream.connections[0]?.socket.end();
      await closed(upstream);
      client.send(POST);
      await client.until(/whole[\s\S]*whole$/);
      assert.equal((await ended(1)).attempts.length, 1);
      assert.deepEqual(blamed, []);
    },
  },
  {
    fault: 'a connection that rested is reset as the next request comes',
    caller: codeText('upstream_reset'),
    retried: 'idempotent methods, where there is no other instance at the same',
    blamed: 'nobody',
    play: async t => {
      const { other, client, ended, blamed } = await served(t, (socket, _, seen) => {
        if (seen % 2 === 0) socket.write(OK);
        else socket.resetAndDestroy();
      });
      client.send(GET);
      await client.until(/(whole[\s\S]*){2}$/);
      assert.equal(other.requests(), 1);
      client.send(POST);
      await client.until(/(whole[\s\S]*){3}$/);
      client.send(POST);
      await client.until(/502[\s\S]*upstream_reset/);
      assert.equal((await ended(3)).attempts.length, 1);
      assert.deepEqual(blamed, []);
    },
  },
  {
    fault: 'an answer before the upload is done',
    caller: 'the whole answer, at once; the connection to the instance is closed',
    retried: 'nothing',
    blamed: 'nobody',
    play: async t => {
      const upstream = await rawUpstream(t, socket => socket.write(OK));
      const { port, ended, blamed } = await startHop(t, [upstream.port, (await healthy(t)).port]);
      const client = await rawClient(t, port);
      client.send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nsome');
      await client.until(/^HTTP\/1\.1 200 [\s\S]*whole$/);
      const { attempts, end } = await ended();
      assert.deepEqual(
        attempts.map(a => a.end),
        [{ status: 200 }],
      );
      assert.equal(end.error, undefined);
      assert.deepEqual(blamed, []);
      await closed(upstream);
      client.send('x'.repeat(100_000 - 4));
      client.send(GET);
      await client.until(/whole[\s\S]*whole$/);
    },
  },
];
