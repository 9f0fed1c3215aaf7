import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, type Socket, Server as TcpServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import type { ErrorCode } from '../core/errors.ts';
import { ListenError } from '../core/listen-error.ts';
import type { HostPort } from '../core/values.ts';
import type { ShedReason } from './admission.ts';
import { Connections, type OnConnection } from './connection.ts';
import { createContext } from './context.ts';
import { drain } from './drain.ts';
import { ExpressLane, type HandOver } from './express/lane.ts';
import { handle } from './full/lane.ts';
import { BEAT, startHeartbeat } from './heartbeat.ts';
import type { ProxyOptions } from './options.ts';
import { answerSocket, plain, problem } from './respond.ts';
import { Running } from './running.ts';
import { createUpgrader } from './upgrade.ts';
import { isUpgradable, withoutUpgrade } from './upgrade-request.ts';

export interface HttpProxy {
  /** @throws ListenError */
  listen(at: HostPort): Promise<HostPort>;
  /** Serves a connection that another process accepted and has read nothing from. */
  take(socket: Socket): void;
  /** Lets go of the connections to instances that are no more, by their identities. */
  retain(instanceIds: ReadonlySet<string>): void;
  figures(): ProxyFigures;
  /**
   * From now on it is not ready, and answers with `Connection: close`. Takes new connections for `delay`
   * milliseconds (default: none), so that load balancers learn of it before they are refused; then resolves when
   * none is left or when `deadline` milliseconds have passed and the rest is cut.
   */
  drain(deadline: number, delay?: number): Promise<{ cut: number }>;
  /** Cuts everything that is left. */
  close(): Promise<void>;
}

export interface ProxyFigures {
  /** Requests under way, without upgraded connections. */
  readonly requests: number;
  readonly connections: number;
  /** Instances with a pool of connections. */
  readonly upstreams: number;
  /** Requests refused and connections closed as they came, since the start. */
  readonly shed: Readonly<Record<ShedReason, number>>;
  /** Of the requests, in [0, 1): refused at the moment because the event loop cannot keep up. */
  readonly shedShare: number;
  /** Milliseconds that the event loop was late when it was last looked at. */
  readonly loopDelay: number;
}

/** An HTTP server that passes on what `decide` says. */
export const createProxy = (options: ProxyOptions): HttpProxy => {
  const ctx = createContext(options);
  const { limits, timeouts, readyPath, log } = ctx;
  const connections = new Connections();

  // Often enough to tell, seldom enough for thousands of them.
  const lookForIdleEvery = Math.min(
    (timeouts.requestHead || 20_000) / 4,
    (timeouts.keepAlive || 20_000) / 4,
    1_000,
  );

  const server = createServer({
    insecureHTTPParser: false,
    // Both are judged with the rest of the request, so that the answer is the same as for its other faults.
    requireHostHeader: false,
    maxHeaderSize: limits.headerBytes,
    headersTimeout: timeouts.requestHead,
    // Uploads may take as long as they move; `clientStall` bounds those that don't.
    requestTimeout: 0,
    connectionsCheckingInterval: Math.max(20, Math.min((timeouts.requestHead || 20_000) / 4, 5_000)),
    keepAliveTimeout: timeouts.keepAlive,
    noDelay: true,
  });
  server.maxConnections = limits.connections;
  // Past a maximum Node drops headers silently; the count is judged with the rest of the request instead.
  server.maxHeadersCount = 0;

  const readsByNode = server.listeners('connection')[0] as (socket: Duplex) => void;
  const expressLanes = new Running<ExpressLane>();
  const leaveExpress: HandOver = (lane, bytes) => {
    const { socket } = lane.connection;
    expressLanes.leave(lane);
    socket.unshift(bytes);
    readsByNode.call(server, socket);
    socket.resume();
  };
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    const connection = connections.add(socket);
    if (ctx.admission.refusesConnection(connections.ofClient(connection))) socket.destroy();
    else if (options.express === false) readsByNode.call(server, socket);
    else {
      const lane = new ExpressLane(ctx, connection, leaveExpress);
      expressLanes.enter(lane);
      socket.once('close', () => expressLanes.leave(lane));
    }
  });
  server.on('drop', () => ctx.admission.droppedConnection());

  const onRequest = (req: IncomingMessage, res: ServerResponse, expectsContinue: boolean): void => {
    const connection = connections.of(req.socket);
    if (connection === undefined) req.socket.destroy();
    else if (readyPath !== undefined && isFor(readyPath, req)) answerReady(res);
    else handle(ctx, connection, req, res, expectsContinue);
  };
  server.on('request', (req, res) => onRequest(req, res, false));
  server.on('checkContinue', (req, res) => onRequest(req, res, true));
  server.on('checkExpectation', (req, res) => onRequest(req, res, false));

  const answerReady = (res: ServerResponse): void => {
    const ready = ctx.isReady() && !ctx.draining;
    const { status, fields, body } = plain(
      ready ? 200 : 503,
      ready ? 'ready\n' : 'not ready\n',
      ctx.nextId(),
    );
    if (ctx.draining) fields.push('Connection', 'close');
    res.writeHead(status, fields).end(body);
  };

  server.on('connect', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    const connection = connections.of(socket);
    if (connection === undefined || connection.running.length > 0) {
      // Earlier answers of this connection are still due, and nothing may come before them.
      socket.destroy();
    } else if (ctx.tunnel?.(req.url ?? '', socket, head) === true) {
      connection.enter(TUNNEL);
    } else {
      answerSocket(socket, problem('bad_request', ctx.nextId()), timeouts.linger);
    }
  });

  const upgrade = createUpgrader(ctx);
  server.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    const connection = connections.of(socket);
    if (connection === undefined || connection.running.length > 0) {
      socket.destroy();
    } else if (isUpgradable(req)) {
      upgrade(connection, req, head);
    } else {
      socket.unshift(Buffer.concat([withoutUpgrade(req), head]));
      readsByNode.call(server, socket);
    }
  });

  server.on('clientError', (error: ParserError, socket: Duplex) => {
    const [exchange, ...others] = connections.of(socket)?.running ?? [];
    const hasLeft = !socket.writable || error.code === 'ECONNRESET' || error.code === 'HPE_INVALID_EOF_STATE';
    if (!hasLeft && exchange === undefined) {
      answerSocket(socket, problem(codeOfParserError(error), ctx.nextId()), timeouts.linger);
    } else if (hasLeft || others.length > 0 || exchange?.garbled?.() !== true) {
      // Of several answers that are due, none can be written in another's place.
      socket.destroy();
    }
  });

  let stopHeartbeat = (): void => {};
  let idleSeen = 0;
  const onBeat = (elapsed: number, late: number, now: number): void => {
    ctx.admission.shedding.sample(late, now);
    // What came while the process was held up is read first: nobody is late for that.
    if (late > BEAT) setImmediate(tickAll, elapsed, now);
    else tickAll(elapsed, now);
  };
  const tickAll = (elapsed: number, now: number): void => {
    for (const each of ctx.running) each.tick(elapsed);
    if (now - idleSeen < lookForIdleEvery) return;
    idleSeen = now;
    for (const lane of expressLanes) lane.endIdle(now);
  };

  let serves = false;
  const begin = (): void => {
    serves = true;
    stopHeartbeat = startHeartbeat(onBeat);
  };

  const stopListening = (): void => {
    // Unlike http.Server's, this leaves idle connections open, on which a request may be on its way.
    if (server.listening) TcpServer.prototype.close.call(server);
  };

  return {
    listen: at =>
      new Promise((resolve, reject) => {
        const refuse = (cause: NodeJS.ErrnoException): void => reject(new ListenError(at, cause));
        server.once('error', refuse);
        server.listen({ port: at.port, ...(at.host === '' ? {} : { host: at.host }) }, () => {
          server.off('error', refuse);
          begin();
          server.on('error', error => log.error({ err: error }, 'the listener failed'));
          const { address, port } = server.address() as AddressInfo;
          resolve({ host: address, port });
        });
      }),

    take: socket => {
      if (!serves) {
        begin();
        // Without it, Node does not watch for heads that come too slowly.
        server.emit('listening');
      }
      if (connections.size < limits.connections) server.emit('connection', socket);
      else {
        ctx.admission.droppedConnection();
        socket.destroy();
      }
    },

    retain: ids => ctx.upstreams.retain(ids),

    figures: () => ({
      requests: ctx.requests,
      connections: connections.size,
      upstreams: ctx.upstreams.size,
      shed: { ...ctx.admission.shed },
      shedShare: ctx.admission.shedding.share,
      loopDelay: ctx.admission.shedding.delay,
    }),

    drain: async (deadline, delay = 0) => {
      ctx.draining = true;
      if (delay > 0 && serves) await setTimeout(delay);
      ctx.closed = true;
      stopListening();
      return drain(connections, deadline);
    },

    close: async () => {
      stopHeartbeat();
      const closed = new Promise(resolve => server.close(resolve));
      for (const { socket } of connections) socket.destroy();
      await Promise.all([closed, ctx.upstreams.close()]);
    },
  };
};

/** Whoever took it over closes both sides by himself. */
const TUNNEL: OnConnection = { begin: () => {}, clientLeft: () => {} };

const isFor = (path: string, { url = '' }: IncomingMessage): boolean =>
  url.startsWith(path) && (url.length === path.length || url.charCodeAt(path.length) === 0x3f);

type ParserError = NodeJS.ErrnoException & { rawPacket?: Buffer };

/** Node's own refusals, in the words of the proxy. */
const codeOfParserError = ({ code, rawPacket }: ParserError): ErrorCode => {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'request_timeout';
  if (code !== 'HPE_HEADER_OVERFLOW') return 'bad_request';
  // The whole packet without an end of a line: it was the request's own line that was too long.
  return rawPacket !== undefined && !rawPacket.includes('\n') ? 'uri_too_long' : 'headers_too_large';
};
