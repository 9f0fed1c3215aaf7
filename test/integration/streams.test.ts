import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { after, before, it } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { type RunningGateway, runGateway } from '../support/processes.ts';
import { register, type Service, startService } from '../support/service.ts';
import { eventually } from '../support/wait.ts';

/** Bodies and connections of every kind through a gateway process, against real sockets on both sides. */
let gateway: RunningGateway;
let front: URL;
let service: Service;
let raw: Server;
let sockets: WebSocketServer;
const rawSockets = new Set<Socket>();
const seen = { aborted: 0, uploaded: '' };

const MB = 1024 * 1024;

const answers: Record<string, (req: IncomingMessage, res: ServerResponse) => void> = {
  '/up': (req, res) => {
    const hash = createHash('sha256');
    let bytes = 0;
    req.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      hash.update(chunk);
    });
    req.on('end', () => res.end(JSON.stringify({ bytes, hash: hash.digest('hex') })));
  },
  '/down': (_req, res) => {
    const chunk = Buffer.alloc(64 * 1024, 'd');
    let left = 200 * MB;
    const more = (): void => {
      while (left > 0) {
        left -= chunk.length;
        if (!res.write(chunk)) {
          res.once('drain', more);
          return;
        }
      }
      res.end();
    };
    more();
  },
  '/events': (_req, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    res.write('data: one\n\n');
    // The second event is sent only when the client has told that it got the first.
    answers['/got-one'] = (_req2, res2) => {
      res.end('data: two\n\n');
      res2.end();
    };
  },
  '/slow': (req, res) => {
    res.write('begun');
    req.socket.once('close', () => {
      seen.aborted += 1;
    });
  },
  '/echo-method': (req, res) => {
    res.setHeader('x-method', req.method ?? '');
    res.end(req.method === 'HEAD' ? undefined : 'body');
  },
  '/nothing': (_req, res) => res.writeHead(204).end(),
  '/chunked': (_req, res) => {
    res.write('a');
    res.write('b');
    res.end('c');
  },
  '/trailers': (_req, res) => {
    res.writeHead(200, { trailer: 'x-checksum' });
    res.write('with trailers');
    res.addTrailers({ 'x-checksum': '42' });
    res.end();
  },
  '/continue': (req, res) => {
    req.on('data', (chunk: Buffer) => {
      seen.uploaded += chunk.toString();
    });
    req.on('end', () => res.end('continued'));
  },
};

/** An upstream that says what no HTTP library would. */
const rawAnswers: Record<string, (socket: Socket) => void> = {
  '/close-delimited': socket => socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end'),
  '/dies': socket => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this');
    setImmediate(() => socket.resetAndDestroy());
  },
};

before(async () => {
  gateway = await runGateway(['--consul', '127.0.0.1:0', '--access-log', 'off'], { command: 'dev' });
  front = new URL(await gateway.serving());
  const consul = String(gateway.log().find(line => line.consul !== undefined)?.consul);
  service = await startService((req, res) => answers[req.url ?? '']?.(req, res));
  raw = createServer(socket => {
    rawSockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', data => rawAnswers[data.toString().split(' ')[1] ?? '']?.(socket));
  }).listen(0, '127.0.0.1');
  await once(raw, 'listening');
  await register(consul, { ID: 's', Name: 'streams', Port: service.port, Tags: ['path=/s', 'strip=true'] });
  const { port } = raw.address() as { port: number };
  await register(consul, { ID: 'r', Name: 'raw', Port: port, Tags: ['path=/r', 'strip=true'] });
  sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  sockets.on('connection', socket => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  await once(sockets, 'listening');
  await register(consul, {
    ID: 'w',
    Name: 'sockets',
    Port: (sockets.address() as { port: number }).port,
    Tags: ['path=/w'],
  });
  await eventually(async () => (await fetch(new URL('/w', front))).status === 426, {
    within: 3_000,
    hint: 'routes',
  });
});
after(async () => {
  for (const socket of rawSockets) socket.destroy();
  raw.close();
  sockets.close();
  await service.stop();
  assert.equal(await gateway.stop(), 0);
});

const get = (path: string, method = 'GET'): Promise<{ res: IncomingMessage; body: string }> =>
  new Promise((resolve, reject) => {
    const req = request({ host: front.hostname, port: front.port, path, method }, res => {
      let body = '';
      res.on('data', chunk => {
        body += chunk;
      });
      res.on('end', () => resolve({ res, body }));
      res.on('error', reject);
    });
    req.on('error', reject);
    req.end();
  });

/** Resident memory in bytes. */
const rss = (): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${gateway.pid}/status`, 'utf8'))?.[1]) * 1024;

const upload = async (): Promise<void> => {
  const chunk = Buffer.alloc(64 * 1024, 'u');
  const req = request({ host: front.hostname, port: front.port, path: '/s/up', method: 'POST' });
  for (let left = 200 * MB; left > 0; left -= chunk.length) {
    if (!req.write(chunk)) await once(req, 'drain');
  }
  req.end();
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  const chunks = await res.toArray();
  assert.equal(JSON.parse(Buffer.concat(chunks).toString()).bytes, 200 * MB);
};

const download = async (): Promise<void> => {
  const req = request({ host: front.hostname, port: front.port, path: '/s/down' }).end();
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  let bytes = 0;
  for await (const chunk of res) bytes += (chunk as Buffer).length;
  assert.equal(bytes, 200 * MB);
};

for (const [name, transfer] of Object.entries({ upload, download })) {
  it(`200 MB ${name}: memory grows by less than 64 MB after a warm-up`, async t => {
    await transfer();
    const before = rss();
    let highest = before;
    const watch = setInterval(() => {
      highest = Math.max(highest, rss());
    }, 20);
    await transfer();
    clearInterval(watch);
    t.diagnostic(`grew by ${((highest - before) / MB).toFixed(1)} MB at most`);
    assert.ok(highest - before < 64 * MB, `grew by ${Math.round((highest - before) / MB)} MB`);
  });
}

it('server-sent events arrive as they are emitted', async () => {
  const req = request({ host: front.hostname, port: front.port, path: '/s/events' }).end();
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  const events = res[Symbol.asyncIterator]();
  assert.equal(String((await events.next()).value), 'data: one\n\n');
  await get('/s/got-one');
  assert.equal(String((await events.next()).value), 'data: two\n\n');
});

it('WebSocket: text and binary come back as they went in', async () => {
  const socket = new WebSocket(`ws://${front.host}/w/echo`);
  await once(socket, 'open');
  for (const message of ['hello', 'x'.repeat(100_000)]) {
    socket.send(message);
    const [data] = (await once(socket, 'message')) as [Buffer];
    assert.equal(data.toString(), message);
  }
  const bytes = Buffer.from([0, 255, 1, 254]);
  socket.send(bytes);
  const [data, isBinary] = (await once(socket, 'message')) as [Buffer, boolean];
  assert.ok(isBinary && data.equals(bytes));
  socket.close(1000);
  await once(socket, 'close');
});

it('Expect: 100-continue is answered before the body is sent', async () => {
  const req = request({
    host: front.hostname,
    port: front.port,
    path: '/s/continue',
    method: 'POST',
    headers: { expect: '100-continue' },
  });
  req.flushHeaders();
  await once(req, 'continue');
  assert.equal(seen.uploaded, '');
  req.end('now');
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  assert.equal((await res.toArray()).join(''), 'continued');
  assert.equal(seen.uploaded, 'now');
});

it('trailers, HEAD, 204, chunked and close-delimited bodies', async () => {
  const trailers = await get('/s/trailers');
  assert.equal(trailers.body, 'with trailers');
  assert.equal(trailers.res.trailers['x-checksum'], '42');
  const head = await get('/s/echo-method', 'HEAD');
  assert.deepEqual([head.res.headers['x-method'], head.body], ['HEAD', '']);
  const nothing = await get('/s/nothing');
  assert.deepEqual([nothing.res.statusCode, nothing.body], [204, '']);
  assert.equal((await get('/s/chunked')).body, 'abc');
  assert.equal((await get('/r/close-delimited')).body, 'until the end');
});

it('an upstream that dies mid-body cuts the response: it never ends as if it were whole', async () => {
  const req = request({ host: front.hostname, port: front.port, path: '/r/dies' }).end();
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  assert.equal(res.statusCode, 200);
  res.resume();
  await assert.rejects(once(res, 'end'), { code: 'ECONNRESET' });
});

it('a client that leaves cancels the request upstream', async () => {
  const socket = connect(Number(front.port), front.hostname);
  socket.write(`GET /s/slow HTTP/1.1\r\nHost: ${front.host}\r\n\r\n`);
  await once(socket, 'data');
  assert.equal(seen.aborted, 0);
  socket.destroy();
  await eventually(() => seen.aborted === 1, { within: 2_000, hint: 'the upstream connection is closed' });
});
