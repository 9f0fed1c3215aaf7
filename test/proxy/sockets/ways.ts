import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket, connect as tcpConnect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { createServer as createTlsServer, connect as tlsConnect } from 'node:tls';
import { createInbound } from '../../../sidecar/inbound.ts';
import type { Speech } from '../../../src/core/model/speech.ts';
import type { Timeouts } from '../../../src/core/settings/limits.ts';
import type { HttpProxy } from '../../../src/proxy/server.ts';
import { silentLog } from '../../../src/telemetry/log.ts';
import type { RequestObserver } from '../../../src/telemetry/observer.ts';
import { makeAuthority } from '../../support/certificates.ts';
import { decisionFor, spokenTo, startProxy } from '../support/proxy.ts';
import { listenOn, portOf } from '../support/raw.ts';

/** A way from a client to a server, with one hop or two between them. */
export interface Way {
  readonly name: string;
  /** Some of it is over TLS. */
  readonly isSecure: boolean;
  /** A connection that waits to be written to; it stays open while only one side has ended it. */
  connect(): Socket;
  /** Those that the request passes. */
  readonly hops: readonly HttpProxy[];
}

/** All ways to one server. @param serve gets each connection to it */
export const startWays = async (
  t: TestContext,
  serve: (socket: Socket) => void,
  timeouts: Partial<Timeouts> = {},
): Promise<readonly Way[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-sockets-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const authority = makeAuthority(folder, 'authority');
  const files = authority.sign('shop', 'DNS:shop.test');
  const pair = { cert: readFileSync(files.cert, 'utf8'), key: readFileSync(files.key, 'utf8') };
  const ca = readFileSync(authority.cert, 'utf8');

  const plain = await startServer(t, createServer({ allowHalfOpen: true, noDelay: true }, serve));
  const secure = await startServer(t, createTlsServer({ allowHalfOpen: true, ...pair }, serve));
  const speech: Speech = { protocol: 'https', serverName: 'shop.test' };

  const start = async (port: number, express: boolean, spoken?: Speech) => {
    const started = await startProxy(t, port, {
      express,
      timeouts,
      via: `hop-${port}-${express}`,
      decide: ({ path }) => {
        const decision = decisionFor(path, port);
        return spoken === undefined ? decision : spokenTo(spoken, decision);
      },
    });
    started.proxy.trust({ verifies: true, authorities: [ca] });
    return started;
  };
  const express = await start(plain, true);
  const full = await start(plain, false);
  const overTls = await start(plain, true);
  overTls.proxy.certify({
    all: [{ ...pair, source: 'test', names: ['shop.test'], notAfter: Number.POSITIVE_INFINITY }],
    ticketKeys: new Uint8Array(48),
  });
  const { port: tlsPort } = await overTls.proxy.listen({ host: '127.0.0.1', port: 0 }, 'https');
  const toTls = await start(secure, true, speech);
  const sidecar = createInbound({
    ...{
      service: 'svc',
      version: 'v1',
      id: 'svc-1',
      address: '127.0.0.1',
      port: plain,
      proto: 'http' as const,
    },
    observer: NOBODY,
    log: silentLog,
  });
  t.after(() => sidecar.close());
  const inbound = await sidecar.listen({ host: '127.0.0.1', port: 0 });
  const beforeSidecar = await start(inbound.port, true);

  const inTheClear = (port: number) => (): Socket =>
    tcpConnect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  return [
    { name: 'the express lane', isSecure: false, connect: inTheClear(express.port), hops: [express.proxy] },
    { name: 'the full lane', isSecure: false, connect: inTheClear(full.port), hops: [full.proxy] },
    {
      name: 'TLS in front',
      isSecure: true,
      connect: () =>
        tlsConnect({
          port: tlsPort,
          host: '127.0.0.1',
          servername: 'shop.test',
          ca,
          allowHalfOpen: true,
        } as object),
      hops: [overTls.proxy],
    },
    { name: 'an instance over TLS', isSecure: true, connect: inTheClear(toTls.port), hops: [toTls.proxy] },
    {
      name: 'a gateway and a sidecar',
      isSecure: false,
      connect: inTheClear(beforeSidecar.port),
      hops: [beforeSidecar.proxy, sidecar],
    },
  ];
};

const startServer = async (t: TestContext, server: Server): Promise<number> => {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.once('close', () => sockets.delete(socket)));
  });
  await listenOn(server);
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return portOf(server);
};

const NOTED = { headers: [], end: () => {} };

const NOBODY: RequestObserver = {
  propagationFields: new Set(),
  begin: () => ({ attempt: () => NOTED, copy: () => NOTED, ask: () => NOTED, end: () => {} }),
};
