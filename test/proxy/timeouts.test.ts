import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { eventually } from '../support/wait.ts';
import { startH2 } from './support/h2.ts';
import { decisionFor, spokenTo, startHttp, startProxy } from './support/proxy.ts';
import { rawClient, rawExchange, rawUpstream } from './support/raw.ts';

const GET = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n';

const codeOf = (answer: string): string => JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)).code;

/** Writes a piece again and again until the connection is over. */
const drip = (write: (text: string) => void, every: number, isOver: () => boolean): void => {
  const timer = setInterval(() => {
    if (isOver()) clearInterval(timer);
    else write('x');
  }, every);
};

describe('the time to the head of the response', () => {
  it('504 for an upstream that does not answer', async t => {
    const upstream = await rawUpstream(t, () => {});
    const { port, ended } = await startProxy(t, upstream.port, { timeouts: { response: 100 } });
    const answer = await rawExchange(t, port, GET);
    assert.match(answer, /^HTTP\/1\.1 504 /);
    assert.equal(codeOf(answer), 'upstream_timeout');
    const { end, attempts } = await ended();
    assert.equal(end.error, 'upstream_timeout');
    assert.deepEqual(attempts[0]?.end, { error: 'upstream_timeout' });
  });

  it('is what the rule says, where it does', async t => {
    const upstream = await rawUpstream(t, () => {});
    const { port } = await startProxy(t, upstream.port, {
      decide: ({ path }) => ({ ...decisionFor(path, upstream.port), timeout: 100 }),
    });
    assert.equal(codeOf(await rawExchange(t, port, GET)), 'upstream_timeout');
  });

  it('does not run out on an answer that came while the process was held up', async t => {
    const upstream = await rawUpstream(t, () => {});
    const { port } = await startProxy(t, upstream.port, { timeouts: { response: 500 } });
    const client = await rawClient(t, port);
    client.send(GET);
    const { socket } = await eventually(() => upstream.connections[0], { within: 2_000, hint: 'a request' });
    // Its time runs from the next beat on.
    const since = performance.now();
    await eventually(() => performance.now() - since > 150, { within: 2_000, hint: 'some beats' });
    await new Promise<void>(resolve =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', () => resolve()),
    );
    const until = performance.now() + 600;
    while (performance.now() < until);
    assert.match(await client.untilOver(), /^HTTP\/1\.1 200 /);
  });

  it('runs over all attempts', async t => {
    const silent = await rawUpstream(t, () => {});
    const dying = await rawUpstream(t, socket => socket.destroy());
    const { port, ended } = await startProxy(t, [dying.port, silent.port], { timeouts: { response: 150 } });
    assert.equal(codeOf(await rawExchange(t, port, GET)), 'upstream_timeout');
    assert.equal((await ended()).attempts.length, 2);
  });

  it('begins when the upload is done, however long that takes', async t => {
    const upstream = await startHttp(t, (req, res) => req.resume().on('end', () => res.end('taken')));
    const timeouts = { response: 150, rateGrace: 5_000 };
    const { port } = await startProxy(t, upstream.port, { timeouts });
    const client = await rawClient(t, port);
    client.send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n');
    const since = performance.now();
    await eventually(
      () => {
        client.send('1\r\nx\r\n');
        return performance.now() - since > 400;
      },
      { within: 5_000, hint: 'a long upload' },
    );
    client.send('0\r\n\r\n');
    assert.match(await client.untilOver(), /200 OK[\s\S]*taken/);
  });

  it('504 for an upstream that takes no more of an upload', async t => {
    const upstream = await rawUpstream(t, socket => socket.pause());
    const { port, ended } = await startProxy(t, upstream.port, { timeouts: { response: 200, linger: 20 } });
    const client = await rawClient(t, port);
    client.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n${'x'.repeat(30_000_000)}`);
    assert.match(await client.untilOver(), /^HTTP\/1\.1 504 /);
    assert.equal((await ended()).end.error, 'upstream_timeout');
  });

  it('does not bound the response', async t => {
    const upstream = await startHttp(t, (_, res) => {
      res.write('first');
      setTimeout(() => res.end('last'), 300);
    });
    const { port } = await startProxy(t, upstream.port, { timeouts: { response: 50, clientStall: 50 } });
    assert.match(await rawExchange(t, port, GET), /first[\s\S]*last/);
  });
});

describe('the time for the whole request', () => {
  it('504 where nothing was sent yet', async t => {
    const upstream = await rawUpstream(t, () => {});
    const { port } = await startProxy(t, upstream.port, { timeouts: { total: 100 } });
    assert.equal(codeOf(await rawExchange(t, port, GET)), 'upstream_timeout');
  });

  it('a cut where the response has begun, be it ever so lively', async t => {
    const upstream = await rawUpstream(t, socket => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n');
      drip(
        text => socket.write(text),
        10,
        () => socket.destroyed,
      );
    });
    const { port, ended } = await startProxy(t, upstream.port, { timeouts: { total: 200 } });
    const client = await rawClient(t, port);
    client.send(GET);
    assert.match(await client.untilOver(), /^HTTP\/1\.1 200 OK[\s\S]*x$/);
    const { end } = await ended();
    assert.deepEqual([end.cut, end.error], [true, 'upstream_timeout']);
  });

  it('408 where it was the client who was slow', async t => {
    const upstream = await rawUpstream(t, () => {});
    const { port, ended } = await startProxy(t, upstream.port, { timeouts: { total: 200 } });
    const client = await rawClient(t, port);
    client.send(POST);
    drip(client.send, 10, () => client.end() !== 'open');
    assert.match(await client.untilOver(), /^HTTP\/1\.1 408 /);
    assert.deepEqual((await ended()).attempts[0]?.end, { clientLeft: true });
  });
});

describe('the rate of a client', () => {
  for (const [name, length] of [
    ['small', 1_000],
    ['large', 100_000],
  ] as const) {
    it(`R-U-Dead-Yet: a ${name} body, drip by drip`, async t => {
      const upstream = await rawUpstream(t, () => {});
      const timeouts = { rateGrace: 200, clientStall: 60_000 };
      const { port } = await startProxy(t, upstream.port, { timeouts });
      const client = await rawClient(t, port);
      client.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`);
      drip(client.send, 20, () => client.end() !== 'open');
      const answer = await client.untilOver();
      assert.match(answer, /^HTTP\/1\.1 408 /);
      assert.equal(codeOf(answer), 'request_timeout');
    });
  }

  it('does not matter once the response has begun: both sides may talk and be silent', async t => {
    const upstream = await startHttp(t, (req, res) => req.pipe(res));
    const { port } = await startProxy(t, upstream.port, { timeouts: { rateGrace: 50, clientStall: 50 } });
    const client = await rawClient(t, port);
    client.send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n');
    client.send('5\r\nfirst\r\n');
    await client.until(/first/);
    const since = performance.now();
    await eventually(() => performance.now() - since > 300, { within: 2_000, hint: 'some silence' });
    client.send('4\r\nlast\r\n0\r\n\r\n');
    assert.match(await client.untilOver(), /last[\s\S]*0\r\n\r\n$/);
  });

  it('does not matter for an event stream that rests', async t => {
    const upstream = await startHttp(t, (_, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: 1\n\n');
      setTimeout(() => res.end('data: 2\n\n'), 400);
    });
    const timeouts = { rateGrace: 50, clientStall: 100, response: 100 };
    const { port } = await startProxy(t, upstream.port, { timeouts });
    assert.match(await rawExchange(t, port, GET), /data: 1[\s\S]*data: 2/);
  });
});

describe("the time of a rule, where it is longer than a try's", () => {
  const slow = {
    http: async (t: TestContext) =>
      (await startHttp(t, (_, res) => setTimeout(() => res.end('late'), 300))).port,
    h2c: async (t: TestContext) =>
      (
        await startH2(t, stream =>
          setTimeout(() => {
            stream.respond();
            stream.end('late');
          }, 300),
        )
      ).port,
  };
  for (const protocol of ['http', 'h2c'] as const) {
    it(`is the try's, too, over ${protocol}`, async t => {
      const behind = await slow[protocol](t);
      const decisionAt = (path: string) => ({ ...decisionFor(path, behind), timeout: 5_000 });
      const { port } = await startProxy(t, behind, {
        timeouts: { responseHead: 100 },
        decide: ({ path }) =>
          protocol === 'http' ? decisionAt(path) : spokenTo({ protocol }, decisionAt(path)),
      });

      const answer = await rawExchange(t, port, GET);

      assert.match(answer, /^HTTP\/1\.1 200 [\s\S]*late/);
    });
  }
});
