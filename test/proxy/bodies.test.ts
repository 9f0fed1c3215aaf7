import assert from 'node:assert/strict';
import { request } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import { eventually } from '../support/wait.ts';
import { startProxyProcess } from './support/own-process.ts';
import { startHttp, startProxy } from './support/proxy.ts';
import { fieldsOf, rawClient, rawExchange, rawUpstream } from './support/raw.ts';

const MB = 1024 * 1024;

describe('bodies', () => {
  it('passes event streams on as they are emitted', async t => {
    let emit: (text: string) => void = () => {};
    const upstream = await startHttp(t, (_, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();
      emit = text => res.write(`data: ${text}\n\n`);
    });
    const { port } = await startProxy(t, upstream.port);
    const client = await rawClient(t, port);
    client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await client.until(/text\/event-stream[\s\S]*\r\n\r\n/);
    emit('one');
    await client.until(/data: one/);
    emit('two');
    await client.until(/data: two/);
  });

  it('passes an upload on as it comes, and its answer before its end', async t => {
    const upstream = await startHttp(t, (req, res) => {
      req.on('data', chunk => res.write(`got ${chunk}.`));
      req.on('end', () => res.end('all'));
    });
    const { port } = await startProxy(t, upstream.port);
    const client = await rawClient(t, port);
    client.send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n');
    client.send('3\r\none\r\n');
    await client.until(/got one\./);
    client.send('3\r\ntwo\r\n');
    await client.until(/got two\./);
    client.send('0\r\n\r\n');
    assert.match(await client.untilOver(), /all/);
  });

  it('keeps Content-Length both ways', async t => {
    const upstream = await startHttp(t, (req, res) => {
      req.resume().on('end', () => {
        const seen = `${req.headers['content-length']} ${req.headers['transfer-encoding']}`;
        res.writeHead(200, { 'Content-Length': seen.length }).end(seen);
      });
    });
    const { port, ended } = await startProxy(t, upstream.port);
    const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'PUT', body: 'x'.repeat(1000) });
    assert.equal(await answer.text(), '1000 undefined');
    assert.equal(answer.headers.get('content-length'), '14');
    const { end } = await ended();
    assert.deepEqual([end.received, end.sent], [1000, 14]);
  });

  for (const [name, response, expected] of [
    [
      '204',
      'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n',
      /^HTTP\/1\.1 204 (?![\s\S]*Content-Length)[\s\S]*\r\n\r\n$/,
    ],
    [
      '304',
      'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\nETag: "a"\r\n\r\n',
      /^HTTP\/1\.1 304 [\s\S]*\r\n\r\n$/,
    ],
    [
      'close-delimited',
      'HTTP/1.1 200 OK\r\n\r\nto the end',
      /Transfer-Encoding: chunked[\s\S]*a\r\nto the end\r\n0\r\n\r\n$/,
    ],
    ['empty', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', /Content-Length: 0[\s\S]*\r\n\r\n$/],
    [
      'chunked',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n',
      /Transfer-Encoding: chunked[\s\S]*\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n$/,
    ],
  ] as const) {
    it(`passes a ${name} response on`, async t => {
      const upstream = await rawUpstream(t, socket => socket.end(response));
      const { port, ended } = await startProxy(t, upstream.port);
      const answer = await rawExchange(t, port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      assert.match(answer, expected);
      const { end } = await ended();
      assert.deepEqual([end.error, end.cut], [undefined, undefined]);
    });
  }

  it('answers HEAD without a body and with the length the upstream tells', async t => {
    const upstream = await startHttp(t, (_, res) => res.writeHead(200, { 'Content-Length': 42 }).end());
    const { port } = await startProxy(t, upstream.port);
    const answer = await rawExchange(t, port, 'HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    assert.deepEqual(fieldsOf(answer)['content-length'], ['42']);
    assert.match(answer, /\r\n\r\n$/);
  });

  it('delimits by the end of the connection for an HTTP/1.0 client', async t => {
    const upstream = await startHttp(t, (_, res) => {
      res.write('one');
      res.end('two');
    });
    const { port } = await startProxy(t, upstream.port);
    const answer = await rawExchange(t, port, 'GET / HTTP/1.0\r\nHost: x\r\n\r\n');
    assert.equal(fieldsOf(answer)['transfer-encoding'], undefined);
    assert.match(answer, /\r\n\r\nonetwo$/);
  });
});

describe('trailers', () => {
  const upstreamWithTrailers = (t: TestContext) =>
    rawUpstream(t, socket =>
      socket.end(
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, Host\r\n\r\n' +
          '2\r\nok\r\n0\r\nX-Sum: 1\r\nX-Sum: 2\r\nHost: evil\r\nSet-Cookie: a=b\r\n\r\n',
      ),
    );

  it('pass to the client after a chunked body, but for those that mean something before it', async t => {
    const upstream = await upstreamWithTrailers(t);
    const { port } = await startProxy(t, upstream.port);
    const answer = await rawExchange(t, port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    assert.deepEqual(fieldsOf(answer).trailer, ['X-Sum, Host']);
    assert.match(answer, /\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\nX-Sum: 2\r\n\r\n$/);
  });

  it('are dropped for an HTTP/1.0 client', async t => {
    const upstream = await upstreamWithTrailers(t);
    const { port } = await startProxy(t, upstream.port);
    const answer = await rawExchange(t, port, 'GET / HTTP/1.0\r\n\r\n');
    assert.equal(fieldsOf(answer).trailer, undefined);
    assert.match(answer, /\r\n\r\nok$/);
  });

  it('of requests are dropped', async t => {
    const upstream = await startHttp(t, (req, res) => {
      req.resume().on('end', () => res.end(JSON.stringify(req.rawTrailers)));
    });
    const { port } = await startProxy(t, upstream.port);
    const answer = await rawExchange(
      t,
      port,
      'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nok\r\n0\r\nX-T: 1\r\n\r\n',
    );
    assert.match(answer, /\[\]/);
  });
});

describe('interim responses', () => {
  it('103 is passed on before the answer', async t => {
    const upstream = await rawUpstream(t, socket => {
      socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n');
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
    const { port } = await startProxy(t, upstream.port);
    const request = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    const answer = await rawExchange(t, port, request);
    assert.match(
      answer,
      /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a\.css>; rel=preload\r\n\r\nHTTP\/1\.1 200 /,
    );
    const old = await rawExchange(t, port, request.replace('HTTP/1.1', 'HTTP/1.0'));
    assert.match(old, /^HTTP\/1\.1 200 /);
  });

  it('100 is given by the proxy once the upstream takes the request, and Expect goes no further', async t => {
    const upstream = await startHttp(t, (req, res) => {
      req.resume().on('end', () => res.end(`expect ${req.headers.expect}`));
    });
    const { port } = await startProxy(t, upstream.port);
    const client = await rawClient(t, port);
    client.send(
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n',
    );
    await client.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    client.send('body');
    assert.match(await client.untilOver(), /expect undefined/);
  });

  it('100 is not given to a request that is refused', async t => {
    const { port } = await startProxy(t, 1, { decide: () => ({ code: 'no_route' }) });
    const answer = await rawExchange(
      t,
      port,
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n',
    );
    assert.match(answer, /^HTTP\/1\.1 404 /);
  });

  it('another expectation is refused', async t => {
    const { port } = await startProxy(t, 1);
    const answer = await rawExchange(t, port, 'GET / HTTP/1.1\r\nHost: x\r\nExpect: wonders\r\n\r\n');
    assert.match(answer, /^HTTP\/1\.1 400 /);
  });
});

describe('back-pressure', () => {
  /** Far above what sockets and streams on the way may hold, far below what is offered. */
  const BOUND = 24 * MB;
  const OFFERED = 100 * MB;

  it('a client that does not read stops the upstream', async t => {
    let written = 0;
    const upstream = await startHttp(t, (_, res) => {
      const more = (): void => {
        while (written < OFFERED && !res.destroyed) {
          written += MB;
          if (!res.write(Buffer.alloc(MB))) return void res.once('drain', more);
        }
      };
      more();
    });
    const { port } = await startProxy(t, upstream.port);
    const client = await rawClient(t, port);
    client.socket.pause();
    client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await settled(() => written);
    assert.ok(written > 0 && written < BOUND, `${written} bytes`);
  });

  it('an upstream that does not read stops the client', async t => {
    const upstream = await rawUpstream(t, socket => socket.pause());
    const { port } = await startProxy(t, upstream.port);
    const client = await rawClient(t, port);
    client.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${OFFERED}\r\n\r\n`);
    let taken = 0;
    const more = (): void => {
      while (taken < OFFERED) {
        taken += MB;
        if (!client.socket.write(Buffer.alloc(MB))) return void client.socket.once('drain', more);
      }
    };
    more();
    await settled(() => taken);
    assert.ok(taken > 0 && taken < BOUND, `${taken} bytes`);
  });

  it('200 MB up and down need no memory to speak of', async t => {
    const SIZE = 200 * MB;
    const piece = Buffer.alloc(256 * 1024);
    const upstream = await startHttp(t, (req, res) => {
      let got = 0;
      req.on('data', (chunk: Buffer) => {
        got += chunk.length;
      });
      req.on('end', () => {
        if (req.method === 'POST') return void res.end(`${got}`);
        let left = SIZE;
        const more = (): void => {
          while (left > 0) {
            left -= piece.length;
            if (!res.write(piece)) return void res.once('drain', more);
          }
          res.end();
        };
        more();
      });
    });
    const { port, residentMb } = await startProxyProcess(t, { upstream: upstream.port });

    const down = (): Promise<number> =>
      new Promise((resolve, reject) => {
        request({ port, host: '127.0.0.1', agent: false }, res => {
          let got = 0;
          res.on('data', (chunk: Buffer) => {
            got += chunk.length;
          });
          res.on('end', () => resolve(got));
        })
          .on('error', reject)
          .end();
      });
    const up = (): Promise<string> =>
      new Promise((resolve, reject) => {
        const req = request({ port, host: '127.0.0.1', method: 'POST', agent: false }, res => {
          let text = '';
          res.on('data', chunk => {
            text += chunk;
          });
          res.on('end', () => resolve(text));
        }).on('error', reject);
        let left = SIZE;
        const more = (): void => {
          while (left > 0) {
            left -= piece.length;
            if (!req.write(piece)) return void req.once('drain', more);
          }
          req.end();
        };
        more();
      });

    assert.equal(await down(), SIZE);
    assert.equal(await up(), `${SIZE}`);
    const warm = residentMb();
    assert.equal(await down(), SIZE);
    assert.equal(await up(), `${SIZE}`);
    const grown = residentMb() - warm;
    assert.ok(grown < 64, `grew by ${grown} MB`);
  });
});

/** Waits until a figure has stopped moving for a while. */
const settled = async (figure: () => number): Promise<void> => {
  let last = -1;
  let since = performance.now();
  await eventually(
    () => {
      if (figure() !== last) {
        last = figure();
        since = performance.now();
      }
      return last > 0 && performance.now() - since > 300;
    },
    { within: 10_000, hint: 'standstill' },
  );
};
