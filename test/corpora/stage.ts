import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { Fleet } from '../../src/core/balance/fleet.ts';
import { createProxy, type HttpProxy } from '../../src/proxy/server.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import type { RequestObserver } from '../../src/telemetry/observer.ts';
import { decisionFor } from '../proxy/support/proxy.ts';
import { listenOn, portOf } from '../proxy/support/raw.ts';

/** A client address with an upstream of its own, so that many cases run side by side and each knows what came of it. */
export interface Slot {
  readonly clientAddress: string;
  readonly upstream: Recorder;
  /** Requests of the slot that the gateway has begun and not ended. */
  running: number;
}

export interface Stage {
  readonly port: number;
  readonly slots: readonly Slot[];
  close(): Promise<void>;
}

/** A gateway's data path with one lane or both, that sends what each slot's client asks for to the slot's upstream. */
export const startStage = async (express: boolean, count: number): Promise<Stage> => {
  const slots: Slot[] = [];
  for (let i = 0; i < count; i++) {
    slots.push({ clientAddress: `127.0.3.${i + 1}`, upstream: await startRecorder(), running: 0 });
  }
  const slotOf = (address: string): Slot => {
    const slot = slots.find(each => each.clientAddress === address);
    if (slot === undefined) throw new Error(`nobody is at ${address}`);
    return slot;
  };
  const proxy: HttpProxy = createProxy({
    decide: ({ path, clientAddress }) => decisionFor(path, slotOf(clientAddress).upstream.port),
    via: 'gateway',
    nextId: () => 'id',
    observer: observerOf(slotOf),
    fleet: new Fleet(),
    log: silentLog,
    express,
    timeouts: {
      keepAlive: 200,
      requestHead: 2_000,
      clientStall: 1_000,
      rateGrace: 1_000,
      responseHead: 2_000,
      linger: 1_000,
    },
  });
  const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 });
  const close = async (): Promise<void> => {
    await proxy.close();
    await Promise.all(slots.map(({ upstream }) => upstream.close()));
  };
  return { port, slots, close };
};

const observerOf = (slotOf: (address: string) => Slot): RequestObserver => ({
  propagationFields: new Set(['traceparent', 'tracestate', 'baggage']),
  begin: ({ clientAddress }) => {
    const slot = slotOf(clientAddress);
    slot.running += 1;
    const attempt = { headers: [], end: () => {} };
    return {
      attempt: () => attempt,
      copy: () => attempt,
      ask: () => attempt,
      end: () => {
        slot.running -= 1;
      },
    };
  },
});

/** A real HTTP server that keeps every byte of every connection. */
export interface Recorder {
  readonly port: number;
  /** What came since the last call, one text a connection, and the requests of it that came whole. */
  take(): { readonly connections: string[]; readonly answered: number };
  close(): Promise<void>;
}

const startRecorder = async (): Promise<Recorder> => {
  const texts = new Map<Socket, string>();
  let answered = 0;
  const http: Server = createServer({ maxHeaderSize: 128 * 1024 }, (req, res) => {
    req.resume().once('end', () => {
      answered += 1;
      res.writeHead(200, { 'content-length': 2 }).end('ok');
    });
  });
  http.keepAliveTimeout = 0;
  const tcp = createTcpServer(socket => {
    texts.set(socket, '');
    http.emit('connection', socket);
    // Before it, Node's parser would take the bytes past whoever listens.
    socket.on('data', (bytes: Buffer) =>
      texts.set(socket, `${texts.get(socket) ?? ''}${bytes.toString('latin1')}`),
    );
  });
  await listenOn(tcp);
  return {
    port: portOf(tcp),
    take: () => {
      const connections = [...texts.values()].filter(text => text !== '');
      for (const socket of texts.keys()) {
        if (socket.destroyed) texts.delete(socket);
        else texts.set(socket, '');
      }
      const taken = { connections, answered };
      answered = 0;
      return taken;
    },
    close: () =>
      new Promise(resolve => {
        for (const socket of texts.keys()) socket.destroy();
        http.close();
        tcp.close(() => resolve());
      }),
  };
};
