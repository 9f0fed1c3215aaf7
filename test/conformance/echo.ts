import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { WebSocketServer } from 'ws';
import { listenOn, portOf } from '../proxy/support/raw.ts';

/** What a backend received. */
export interface Received {
  readonly method: string;
  /** With query. */
  readonly path: string;
  /** In lower case; several lines of one name joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface EchoServer {
  readonly name: string;
  readonly port: number;
  /** Everything so far. */
  readonly received: readonly Received[];
}

/**
 * A backend that answers what it was asked, with the manners of the Gateway API's own: `?delay=1s` waits,
 * `X-Echo-Set-Header: name:value,name:value` sets headers of the response, and `/retry/…?uuid=U&succeedAfter=N` fails N
 * times for each U, after `delayRetry`, with `responseCode` or else a reset. A WebSocket has each message back.
 */
export const startEcho = async (t: TestContext, name: string, address = '127.0.0.1'): Promise<EchoServer> => {
  const received: Received[] = [];
  const failures = new Map<string, number>();
  const ending = new AbortController();

  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const request = await read(req);
    received.push(request);
    const { pathname, searchParams } = new URL(request.path, 'http://echo');
    await sleep(searchParams.get('delay'), ending.signal);
    if (pathname.startsWith('/retry/')) {
      const uuid = searchParams.get('uuid') ?? '';
      const failed = failures.get(uuid) ?? 0;
      if (failed < Number(searchParams.get('succeedAfter'))) {
        failures.set(uuid, failed + 1);
        await sleep(searchParams.get('delayRetry'), ending.signal);
        const code = searchParams.get('responseCode');
        if (code === null) req.socket.resetAndDestroy();
        else res.writeHead(Number(code)).end();
        return;
      }
    }
    for (const pair of (request.headers['x-echo-set-header'] ?? '').split(',').filter(Boolean)) {
      const [field = '', value = ''] = pair.split(':');
      res.appendHeader(field.trim(), value.trim());
    }
    res.setHeader('Content-Type', 'application/json');
    res.end(JSON.stringify({ ...request, service: name }));
  };

  const server: Server = createServer((req, res) => {
    // Whoever left, or was cut at the end of the test, wants no answer.
    answer(req, res).catch(() => res.destroy());
  });
  const sockets = new Set<Socket>();
  server.on('connection', socket => sockets.add(socket.once('close', () => sockets.delete(socket))));
  new WebSocketServer({ server }).on('connection', socket => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  await listenOn(server, 0, address);
  t.after(
    () =>
      new Promise<void>(resolve => {
        ending.abort();
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  );
  return { name, port: portOf(server), received };
};

const read = async (req: IncomingMessage): Promise<Received> => {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  const headers: Record<string, string> = {};
  for (const [name, values] of Object.entries(req.headersDistinct)) headers[name] = values?.join(',') ?? '';
  return {
    method: req.method ?? '',
    path: req.url ?? '',
    headers,
    body: Buffer.concat(chunks).toString('latin1'),
  };
};

/** @param duration `300ms` or `1s` */
const sleep = async (duration: string | null, signal: AbortSignal): Promise<void> => {
  const [, amount, unit] = /^(\d+)(ms|s)$/.exec(duration ?? '') ?? [];
  if (amount === undefined) return;
  await setTimeout(Number(amount) * (unit === 's' ? 1_000 : 1), undefined, { signal });
};
