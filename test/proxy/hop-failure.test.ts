import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { HOP_FAILURE, readFailure, tellFailure } from '../../src/proxy/hop-failure.ts';
import { startHttp, startProxy } from './support/proxy.ts';
import { deadPort, rawExchange, rawUpstream } from './support/raw.ts';

const POST = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody';
const GET = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
const BESIDE = { via: 'sluice-beside', tellsFailures: true };

describe('a failure that one hop tells another', () => {
  for (const [via, failure, told] of [
    ['1.1 sluice-a', { code: 'connect_failed', sent: false }, 'sluice-a connect_failed unsent'],
    ['1.0 other, 1.1 sluice-a', { code: 'upstream_reset', sent: true }, 'sluice-a upstream_reset sent'],
    ['1.1 sluice-a', { code: 'bad_request', sent: false }, undefined],
    [undefined, { code: 'connect_failed', sent: false }, undefined],
  ] as const) {
    it(`${failure.code} to ${via}: ${told}`, () => {
      assert.equal(tellFailure(via, failure.code, failure), told);
      if (told !== undefined) assert.deepEqual(readFailure(told, 'sluice-a'), failure);
    });
  }

  it('is the one by which something was sent, whatever came after', () => {
    const reset = { code: 'upstream_reset', sent: true } as const;
    assert.equal(tellFailure('1.1 a', 'connect_failed', reset), 'a upstream_reset sent');
  });

  it('is that of the answer where no attempt was made', () =>
    assert.equal(tellFailure('1.1 a', 'overloaded', undefined), 'a overloaded unsent'));

  for (const told of [
    'sluice-b connect_failed unsent',
    'sluice-a no_route unsent',
    'sluice-a nonsense',
    '',
    'sluice-a toString unsent',
  ]) {
    it(`is none for sluice-a where it says "${told}"`, () =>
      assert.equal(readFailure(told, 'sluice-a'), undefined));
  }

  it('has been sent unless it says that it was not', () =>
    assert.equal(readFailure('sluice-a connect_failed', 'sluice-a')?.sent, true));
});

/** A gateway with two hops behind it: the first has this port behind it, the second a living program. */
const twoHops = async (t: TestContext, behind: number) => {
  const program = await startHttp(t, (req, res) => req.pipe(res));
  const first = await startProxy(t, behind, BESIDE);
  const second = await startProxy(t, program.port, BESIDE);
  return { first, second, gateway: await startProxy(t, [first.port, second.port]) };
};

describe('a program that is gone behind its hop', () => {
  it('got nothing, so that even a POST goes to another instance', async t => {
    const { first, gateway } = await twoHops(t, await deadPort());
    assert.match(await rawExchange(t, gateway.port, POST), /^HTTP\/1\.1 200 [\s\S]*body/);
    assert.deepEqual(
      (await gateway.ended()).attempts.map(a => a.end),
      [{ error: 'connect_failed' }, { status: 200 }],
    );
    assert.equal((await first.ended()).end.error, 'connect_failed');
  });

  it('may have got it: a GET goes to another instance, a POST does not', async t => {
    const dying = await rawUpstream(t, socket => socket.resetAndDestroy());
    const { second, gateway } = await twoHops(t, dying.port);
    assert.match(await rawExchange(t, gateway.port, GET), /^HTTP\/1\.1 200 /);
    const answer = await rawExchange(t, gateway.port, POST);
    assert.match(answer, /^HTTP\/1\.1 502 [\s\S]*"code":"upstream_reset"/);
    assert.doesNotMatch(answer, new RegExp(HOP_FAILURE, 'i'), 'nothing of the inside');
    assert.equal(second.observed.length, 1);
  });

  it('may have got it on a connection that had served before: the try at a new one tells nothing', async t => {
    const dying = await rawUpstream(t, (socket, _, seen) => {
      if (seen === 0) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      else void dying.close().then(() => socket.resetAndDestroy());
    });
    const { first, gateway } = await twoHops(t, dying.port);
    assert.match(await rawExchange(t, gateway.port, GET), /ok$/);
    assert.match(await rawExchange(t, gateway.port, GET), /^HTTP\/1\.1 200 /);
    assert.deepEqual(
      (await first.ended(1)).attempts.map(a => a.end),
      [{ error: 'upstream_reset' }, { error: 'connect_failed' }],
    );
    assert.deepEqual((await gateway.ended(1)).attempts[0]?.end, { error: 'upstream_reset' });
  });

  it('a caller that is no hop gets the problem alone', async t => {
    const { port } = await startProxy(t, await deadPort(), BESIDE);
    const answer = await rawExchange(t, port, GET);
    assert.match(answer, /^HTTP\/1\.1 502 [\s\S]*"code":"connect_failed"/);
    assert.doesNotMatch(answer, new RegExp(HOP_FAILURE, 'i'));
  });

  it('a program that passes on what it heard of a call of its own is taken at its status', async t => {
    const relay = await startHttp(t, (_, res) =>
      res.writeHead(502, { [HOP_FAILURE]: 'sluice-elsewhere connect_failed unsent' }).end('relayed'),
    );
    const other = await startHttp(t, (_, res) => res.end('other'));
    const { port } = await startProxy(t, [relay.port, other.port]);
    const answer = await rawExchange(t, port, POST);
    assert.match(answer, /^HTTP\/1\.1 502 [\s\S]*relayed/);
    assert.doesNotMatch(answer, new RegExp(HOP_FAILURE, 'i'), 'and goes no further');
  });
});
