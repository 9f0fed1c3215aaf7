import assert from 'node:assert/strict';
import { once } from 'node:events';
import { constants } from 'node:http2';
import { describe, it } from 'node:test';
import { eventually } from '../../support/wait.ts';
import { startH2 } from '../support/h2.ts';
import { decisionFor, spokenTo, startHttp, startProxy } from '../support/proxy.ts';
import { rawClient } from '../support/raw.ts';
import { startClient } from './support/client.ts';

const { NGHTTP2_CANCEL } = constants;

describe('back-pressure over HTTP/2', () => {
  for (const behind of ['HTTP/1.1', 'HTTP/2'] as const) {
    it(`a client that does not read holds the upstream up (${behind})`, async t => {
      let written = 0;
      const pour = (to: NodeJS.WritableStream): void => {
        const more = (): void => {
          let goesOn = true;
          while (goesOn && written < 50_000_000) {
            written += 65_536;
            goesOn = to.write(Buffer.alloc(65_536));
          }
        };
        to.on('drain', more);
        more();
      };
      const upstream =
        behind === 'HTTP/1.1'
          ? (await startHttp(t, (_, res) => pour(res))).port
          : (
              await startH2(t, stream => {
                stream.respond();
                pour(stream);
              })
            ).port;
      const { port } = await startProxy(t, upstream, {
        decide: ({ path }) =>
          behind === 'HTTP/1.1'
            ? decisionFor(path, upstream)
            : spokenTo({ protocol: 'h2c' }, decisionFor(path, upstream)),
      });
      const client = await startClient(t, port);
      const stream = client.session.request({ ':path': '/' }).on('error', () => {});

      await once(stream, 'response');
      let before = -1;
      let looks = 0;
      await eventually(
        () => {
          looks = written === before ? looks + 1 : 0;
          before = written;
          return looks === 20;
        },
        { within: 5_000, hint: 'the upstream is held up' },
      );

      assert.ok(written < 20_000_000, `${written} bytes`);
      stream.close(NGHTTP2_CANCEL);
    });
  }

  it('an upstream that does not read holds the client up', async t => {
    const { port: upstream } = await startHttp(t, req => req.pause());
    const { port } = await startProxy(t, upstream);
    const client = await startClient(t, port);
    const stream = client.session.request({ ':method': 'POST', ':path': '/' }).on('error', () => {});

    for (let i = 0; i < 400; i += 1) stream.write(Buffer.alloc(65_536));

    await eventually(() => stream.writableLength > 0 && client.session.state.remoteWindowSize !== undefined, {
      within: 5_000,
      hint: 'bytes that wait at the client',
    });
    stream.close(NGHTTP2_CANCEL);
  });
});

describe('drain over HTTP/2', () => {
  it('is announced by GOAWAY; what runs is answered, then the connection ends', async t => {
    let answer = (): void => {};
    const { port: upstream } = await startHttp(t, (_, res) => {
      answer = () => res.end('done');
    });
    const { port, proxy } = await startProxy(t, upstream);
    const client = await startClient(t, port);
    const idle = await startClient(t, port);
    const goaway = once(client.session, 'goaway');
    const running = client.ask({ ':path': '/' });
    await eventually(() => proxy.figures().requests === 1, { within: 5_000, hint: 'a request under way' });

    const drained = proxy.drain(10_000);
    assert.equal((await goaway)[0], 0, 'NO_ERROR');
    await once(idle.session, 'close');
    answer();

    assert.equal(`${(await running).body}`, 'done');
    assert.deepEqual(await drained, { cut: 0 });
  });

  it('what is not done by the deadline is cut', async t => {
    const { port: upstream } = await startHttp(t, (_, res) => res.write('a'));
    const { port, proxy } = await startProxy(t, upstream);
    const client = await startClient(t, port);
    const stream = client.session.request({ ':path': '/' }).on('error', () => {});
    await once(stream, 'data');

    assert.deepEqual(await proxy.drain(300), { cut: 1 });
  });
});

describe('who speaks HTTP/2', () => {
  it('a preface that comes byte by byte is one', async t => {
    const { port: upstream } = await startHttp(t, (_, res) => res.end());
    const { port } = await startProxy(t, upstream);
    const client = await rawClient(t, port);

    for (const byte of 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n') {
      client.send(byte);
      await new Promise(setImmediate);
    }

    await client.until(text => text.charCodeAt(3) === 4);
  });

  it('a first byte like that of the preface holds no other request up', async t => {
    const { port: upstream } = await startHttp(t, (req, res) => res.end(req.method));
    const { port } = await startProxy(t, upstream);

    for (const method of ['POST', 'PUT', 'PATCH', 'PROPFIND']) {
      const client = await rawClient(t, port);
      client.send('P');
      client.send(`${method.slice(1)} / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`);
      await client.until(text => text.startsWith('HTTP/1.1 200 OK') && text.endsWith(method));
    }
  });

  it('nobody, where it is turned off', async t => {
    const { port: upstream } = await startHttp(t, (_, res) => res.end());
    const { port } = await startProxy(t, upstream, { http2: false });
    const client = await rawClient(t, port);

    client.send('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

    await client.until(/^HTTP\/1\.1 400 /);
  });

  it('nobody behind a request of HTTP/1.1', async t => {
    const { port: upstream } = await startHttp(t, (_, res) => res.end('first'));
    const { port } = await startProxy(t, upstream);
    const client = await rawClient(t, port);
    client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await client.until(/first/);

    client.send('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

    await client.until(/first[\s\S]*HTTP\/1\.1 400 /);
  });

  it('whoever asks whether the proxy is ready', async t => {
    const { port, proxy } = await startProxy(t, 1, { readyPath: '/.sluice/ready' });
    const client = await startClient(t, port);

    assert.equal((await client.ask({ ':path': '/.sluice/ready' })).headers[':status'], 200);

    const drained = proxy.drain(2_000, 100);
    assert.equal((await client.ask({ ':path': '/.sluice/ready' })).headers[':status'], 503);
    await drained;
  });
});
