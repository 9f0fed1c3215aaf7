import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { type HttpTarget, httpProbe, startProbing, tcpProbe } from '../../src/embedded/probe.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { eventually } from '../support/wait.ts';

const never = new AbortController().signal;

const target = (url: string): HttpTarget => ({
  url,
  method: 'GET',
  headers: {},
  body: '',
  timeoutMs: 5_000,
  skipTlsVerify: false,
});

const serve = async (t: TestContext, listener: RequestListener): Promise<string> => {
  const server = createServer(listener).listen(0, '127.0.0.1');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

describe('an HTTP probe', () => {
  test('keeps the beginning of the answer as output, and no more of a huge one', async t => {
    const url = await serve(t, (_request, response) => response.end('x'.repeat(1_000_000)));
    const { status, output } = await httpProbe(target(url))(never);
    assert.equal(status, 'passing');
    assert.match(output, /^HTTP GET .*: 200 Output: x/);
    assert.ok(output.length < 4_200);
  });

  test('sends method, headers and body', async t => {
    let seen: unknown;
    const url = await serve(t, async (request, response) => {
      const body = await request.toArray();
      seen = [request.method, request.headers['x-a'], Buffer.concat(body).toString()];
      response.end();
    });
    await httpProbe({ ...target(url), method: 'POST', headers: { 'X-A': ['1', '2'] }, body: 'hello' })(never);
    assert.deepEqual(seen, ['POST', '1, 2', 'hello']);
  });

  test('follows redirects, but not for ever', async t => {
    const url = await serve(t, (request, response) => {
      if (request.url === '/there') response.end();
      else response.writeHead(302, { Location: request.url === '/from' ? '/there' : '/round' }).end();
    });
    assert.equal((await httpProbe(target(`${url}/from`))(never)).status, 'passing');
    assert.equal((await httpProbe(target(`${url}/round`))(never)).status, 'critical');
  });

  test('gives up on a service that does not answer in time', async t => {
    const url = await serve(t, () => {});
    const { status, output } = await httpProbe({ ...target(url), timeoutMs: 50 })(never);
    assert.equal(status, 'critical');
    assert.match(output, /timeout/);
  });

  test('gives up on a service that begins to answer and does not go on', async t => {
    const url = await serve(t, (_request, response) => response.write('a'));
    assert.equal((await httpProbe({ ...target(url), timeoutMs: 50 })(never)).status, 'critical');
  });

  for (const url of ['http://127.0.0.1:1/', 'not a url', 'ftp://127.0.0.1/']) {
    test(`${url} is critical and nothing worse`, async () => {
      assert.equal((await httpProbe(target(url))(never)).status, 'critical');
    });
  }
});

describe('a TCP probe', () => {
  for (const address of ['127.0.0.1:1', '127.0.0.1', '127.0.0.1:0', '127.0.0.1:99999', ':', '[::1]:1']) {
    test(`${address} is critical and nothing worse`, async () => {
      assert.equal((await tcpProbe(address, 1_000)(never)).status, 'critical');
    });
  }
});

describe('probing', () => {
  test('looks at once and then at every interval, and never after it was stopped', async () => {
    const clock = new FakeClock();
    const verdicts: string[] = [];
    let looks = 0;
    const probing = startProbing(
      async () => ({ status: 'passing', output: `${++looks}` }),
      10_000,
      clock,
      (_status, output) => verdicts.push(output),
    );
    await eventually(() => verdicts.length === 1, { within: 1_000, hint: 'the first verdict' });
    clock.advance(9_999);
    assert.equal(looks, 1);
    clock.advance(1);
    await eventually(() => verdicts.length === 2, { within: 1_000, hint: 'the second verdict' });
    probing.stop();
    clock.advance(100_000);
    assert.deepEqual([looks, clock.pending], [2, 0]);
  });

  test('a verdict that comes after the stop is dropped', async () => {
    const clock = new FakeClock();
    const verdicts: string[] = [];
    const { promise, resolve } = withResolvers();
    const probing = startProbing(
      async stopped => {
        await once(stopped, 'abort');
        resolve();
        return { status: 'critical', output: 'late' };
      },
      10_000,
      clock,
      (_status, output) => verdicts.push(output),
    );
    probing.stop();
    await promise;
    await new Promise(setImmediate);
    assert.deepEqual([verdicts, clock.pending], [[], 0]);
  });
});

const withResolvers = (): { promise: Promise<void>; resolve: () => void } => {
  let resolve = (): void => {};
  const promise = new Promise<void>(done => {
    resolve = done;
  });
  return { promise, resolve };
};
