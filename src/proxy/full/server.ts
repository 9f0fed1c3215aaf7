import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ErrorCode } from '../../core/errors.ts';
import type { Connection, Connections, OnConnection } from '../connection.ts';
import type { Context } from '../context.ts';
import { BEAT } from '../heartbeat.ts';
import { answerSocket, problem } from '../respond.ts';
import { createUpgrader } from '../upgrade.ts';
import { isUpgradable, withoutUpgrade } from '../upgrade-request.ts';
import { handle } from './lane.ts';
import { answersReady } from './ready.ts';

/** Node's server without its door: whoever accepts a connection says when it is read. */
export interface FullServer {
  /** Emits each connection that it accepts, and reads none of them. */
  readonly listener: Server;
  /** Serves a connection from the bytes on that wait in it. */
  read(socket: Duplex): void;
}

/**
 * Brings what Node's server makes of a connection to the lane: requests, upgrades, CONNECT, and what is none of
 * them. Whatever Node may be told not to judge is judged by the proxy, so that every fault has the same answer.
 */
export const createFullServer = (ctx: Context, connections: Connections): FullServer => {
  const { limits, timeouts } = ctx;
  const listener = createServer({
    insecureHTTPParser: false,
    requireHostHeader: false,
    maxHeaderSize: limits.headerBytes,
    headersTimeout: timeouts.requestHead,
    // Uploads may take as long as they move; `clientStall` bounds those that don't.
    requestTimeout: 0,
    // Seldom would be cheaper by nothing, and have thousands whose time is over answered in one turn.
    connectionsCheckingInterval: BEAT,
    keepAliveTimeout: timeouts.keepAlive,
    noDelay: true,
  });
  listener.maxConnections = limits.connections;
  // Past a maximum Node drops headers silently; the count is judged with the rest of the request instead.
  listener.maxHeadersCount = 0;

  const readByNode = listener.listeners('connection')[0] as (socket: Duplex) => void;
  listener.removeAllListeners('connection');
  const read = (socket: Duplex): void => readByNode.call(listener, socket);

  const onRequest = (req: IncomingMessage, res: ServerResponse, expectsContinue: boolean): void => {
    const connection = connections.of(req.socket);
    if (connection === undefined) req.socket.destroy();
    else if (!answersReady(ctx, req, res)) handle(ctx, connection, req, res, expectsContinue);
  };
  listener.on('request', (req, res) => onRequest(req, res, false));
  listener.on('checkContinue', (req, res) => onRequest(req, res, true));
  listener.on('checkExpectation', (req, res) => onRequest(req, res, false));

  /** Node's server has let go of it, and whatever was asked for on it before is answered first. */
  const inTurn = (socket: Duplex, go: (connection: Connection) => void): void => {
    const connection = connections.of(socket);
    if (connection === undefined) socket.destroy();
    else if (connection.running.length === 0) go(connection);
    else connection.enter(new Held(connection, go));
  };

  listener.on('connect', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    inTurn(socket, connection => {
      if (ctx.tunnel?.(req.url ?? '', socket, head) === true) connection.enter(TUNNEL);
      else answerSocket(socket, problem('bad_request', ctx.nextId()), timeouts.linger);
    });
  });

  const upgrade = createUpgrader(ctx);
  listener.on('upgrade', (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    inTurn(socket, connection => {
      if (isUpgradable(req)) {
        upgrade(connection, req, head);
      } else {
        socket.unshift(Buffer.concat([withoutUpgrade(req), head]));
        read(socket);
      }
    });
  });

  listener.on('clientError', (error: ParserError, socket: Duplex) => {
    const connection = connections.of(socket);
    const last = connection?.running.at(-1);
    // Bytes behind a request that was to be the last: those before are answered, and that ends the connection.
    if (error.code === 'HPE_CLOSED_CONNECTION' && last !== undefined) return;
    const refuse = (): void =>
      answerSocket(socket, problem(codeOfParserError(error), ctx.nextId()), timeouts.linger);
    const hasLeft = !socket.writable || error.code === 'ECONNRESET' || error.code === 'HPE_INVALID_EOF_STATE';
    if (!hasLeft && last === undefined) refuse();
    else if (!hasLeft && last?.isWhole === true) connection?.enter(new Refusal(refuse));
    else if (hasLeft || last?.garbled?.() !== true) socket.destroy();
  });

  return { listener, read };
};

/** The answer to bytes that are no request, once those before them are answered. */
class Refusal implements OnConnection {
  readonly begin: () => void;

  constructor(refuse: () => void) {
    this.begin = refuse;
  }

  /** However many more come. */
  garbled(): boolean {
    return true;
  }

  clientLeft(): void {}
}

/**
 * What Node's server has let go of the connection for, behind requests whose answers are still due: nothing may come
 * before them (RFC 9112, 9.3.2).
 */
class Held implements OnConnection {
  readonly #connection: Connection;
  readonly #go: (connection: Connection) => void;

  constructor(connection: Connection, go: (connection: Connection) => void) {
    this.#connection = connection;
    this.#go = go;
    // Node listens to neither any more, but what it answers goes on through the socket.
    connection.socket.on('drain', this.#onDrain).on('error', ignore);
  }

  begin(): void {
    this.#stopListening();
    this.#connection.leave(this);
    this.#go(this.#connection);
  }

  clientLeft(): void {
    this.#stopListening();
  }

  readonly #onDrain = (): void => this.#connection.running[0]?.drained?.();

  #stopListening(): void {
    this.#connection.socket.off('drain', this.#onDrain);
  }
}

/** What it breaks tells the end of the connection, and that is listened to. */
const ignore = (): void => {};

/** Whoever took it over closes both sides by himself. */
const TUNNEL: OnConnection = { begin: () => {}, clientLeft: () => {} };

type ParserError = NodeJS.ErrnoException & { rawPacket?: Buffer };

/** Node's own refusals, in the words of the proxy. */
const codeOfParserError = ({ code, rawPacket }: ParserError): ErrorCode => {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'request_timeout';
  if (code !== 'HPE_HEADER_OVERFLOW') return 'bad_request';
  // The whole packet without an end of a line: it was the request's own line that was too long.
  return rawPacket !== undefined && !rawPacket.includes('\n') ? 'uri_too_long' : 'headers_too_large';
};
