import assert from 'node:assert/strict';
import { getEventListeners, once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { endpointOf } from '../../src/consul/endpoint.ts';
import { openReads, type Reads } from '../../src/consul/reads.ts';
import { eventually } from '../support/wait.ts';

/** A Consul that takes its time: each answer is given by the test. */
const slowConsul = async (t: TestContext): Promise<{ reads: Reads; asked: ServerResponse[] }> => {
  const asked: ServerResponse[] = [];
  const server = createServer((_, response) => void asked.push(response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const reads = openReads(endpointOf({ address: `127.0.0.1:${port}` }));
  t.after(() => {
    reads.close();
    server.closeAllConnections();
    server.close();
  });
  return { reads, asked };
};

test('any number of reads under one signal share one listener, and end with it', async t => {
  const { reads, asked } = await slowConsul(t);
  const abort = new AbortController();
  const answered = reads.get('/first', abort.signal);
  await eventually(() => asked.length === 1, { within: 5_000, hint: 'the first read is asked' });
  asked[0]?.end('one');
  assert.equal((await answered).body.toString(), 'one');

  const open = ['/a', '/b', '/c'].map(path => reads.get(path, abort.signal));
  assert.equal(getEventListeners(abort.signal, 'abort').length, 1);
  const reason = new Error('enough');
  abort.abort(reason);
  for (const read of open) await assert.rejects(read, error => error === reason);
  await assert.rejects(reads.get('/late', abort.signal), error => error === reason);
});

test('a signal ends its own reads only', async t => {
  const { reads, asked } = await slowConsul(t);
  const abort = new AbortController();
  const other = reads.get('/other', new AbortController().signal);
  await eventually(() => asked.length === 1, { within: 5_000, hint: 'the other read is asked' });
  asked[0]?.end('two');
  const own = reads.get('/own', abort.signal);
  abort.abort(new Error('enough'));
  await assert.rejects(own, /enough/);
  assert.equal((await other).body.toString(), 'two');
});
