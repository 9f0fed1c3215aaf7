import { createServer, type Socket, Server as TcpServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';
import type { Limits, Timeouts } from '../core/settings/limits.ts';
import type { HostPort } from '../core/values.ts';
import type { Judgement } from '../telemetry/observer.ts';
import type { ShedReason } from './admission.ts';
import { type Connection, Connections } from './connection.ts';
import { createContext } from './context.ts';
import { drain } from './drain.ts';
import { Inlet } from './express/inlet.ts';
import { ExpressLane, type HandOver } from './express/lane.ts';
import { createFullServer } from './full/server.ts';
import { Http2Lane } from './h2/lane.ts';
import { isPreface } from './h2/preface.ts';
import { BEAT, startHeartbeat } from './heartbeat.ts';
import { listen } from './listen.ts';
import type { MirrorResult } from './mirrors.ts';
import type { ProxyOptions } from './options.ts';
import { ProxyDoor, type Unproxied } from './proxy-protocol/door.ts';
import { Running } from './running.ts';
import type { Counted, IsLive } from './tally.ts';
import { type Certificates, TlsDoor } from './tls/door.ts';
import type { UpstreamCredentials } from './upstream/tls.ts';

export interface HttpProxy {
  /** Over TLS only once there are certificates. @throws ListenError */
  listen(at: HostPort, scheme?: Scheme): Promise<HostPort>;
  /** Serves a connection that another process accepted and has read nothing from. */
  take(socket: Socket, scheme?: Scheme): void;
  /** Handshakes that begin from now on go by these; connections that are there stay as they are. */
  certify(certificates: Certificates): void;
  /** Connections to instances that are made from now on go by these. Default: certificates of public authorities. */
  trust(credentials: UpstreamCredentials): void;
  /**
   * From now on these count, also for connections that are there, except what is settled as the server or a connection
   * begins: `headerBytes`, `connections`, `connectionsPerInstance`, `requestHead`, `keepAlive` and `loopDelay` stay.
   */
  limit(limits: Limits, timeouts: Timeouts): void;
  /** Lets go of the connections to instances that are no more, by their identities. */
  retain(instanceIds: ReadonlySet<string>): void;
  /** Forgets what was counted of versions that are gone. To be called now and then. */
  retainCounts(isLive: IsLive): void;
  figures(): ProxyFigures;
  /** What became of copies of requests, since the start. */
  mirrored(): Iterable<Counted<MirrorResult>>;
  /** What became of the questions whether requests may pass, so far. */
  judged(): Iterable<Counted<Judgement>>;
  /**
   * From now on it is not ready, and answers with `Connection: close`. Takes new connections for `delay`
   * milliseconds (default: none), so that load balancers learn of it before they are refused; then resolves when
   * none is left or when `deadline` milliseconds have passed and the rest is cut.
   */
  drain(deadline: number, delay?: number): Promise<{ cut: number }>;
  /** Cuts everything that is left. */
  close(): Promise<void>;
}

/** How clients speak to one of its ports. */
export type Scheme = 'http' | 'https';

export interface ProxyFigures {
  /** Requests under way, without upgraded connections. */
  readonly requests: number;
  readonly connections: number;
  /** Connections in the midst of a TLS handshake. */
  readonly handshakes: number;
  /** TLS handshakes that came to nothing, since the start. */
  readonly failedHandshakes: number;
  /** Connections closed because of the PROXY protocol, since the start; empty where it is not asked for. */
  readonly unproxied: Readonly<Partial<Record<Unproxied, number>>>;
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
  const { limits, timeouts, log } = ctx;
  const connections = new Connections();
  const { listener, read } = createFullServer(ctx, connections);

  const proxyDoor =
    options.proxyProtocol === true
      ? new ProxyDoor({ trusts: ctx.trusts, deadline: timeouts.requestHead, log, now: ctx.now })
      : undefined;

  const expressLanes = new Running<ExpressLane>();
  const http2Lanes = new Running<Http2Lane>();
  const multiplex = (connection: Connection): void => {
    const lane = new Http2Lane(ctx, connection);
    http2Lanes.enter(lane);
    connection.socket.once('close', () => http2Lanes.leave(lane));
  };
  const { http2 = true } = options;
  const leaveExpress: HandOver = (lane, bytes) => {
    const { socket, scheme } = lane.connection;
    expressLanes.leave(lane);
    // Flowing, it would read again at once what is put back, and nobody be there for it yet.
    if (proxyDoor !== undefined) socket.pause();
    socket.unshift(bytes);
    // Over TLS a client asks for it in its handshake (RFC 9113, 3.2).
    if (http2 && scheme === 'http' && lane.isNew && isPreface(bytes) === 'yes') multiplex(lane.connection);
    else {
      read(socket);
      socket.resume();
    }
  };
  const accept = (accepted: Socket): void => {
    const peer = proxyDoor?.peerOf(accepted);
    // Gone meanwhile, and nobody knows any more who it was.
    if (proxyDoor !== undefined && peer === undefined) {
      accepted.destroy();
      return;
    }
    const isMultiplexed = accepted instanceof TLSSocket && accepted.alpnProtocol === 'h2';
    const inlet =
      isMultiplexed || options.express === false ? undefined : new Inlet(accepted, proxyDoor !== undefined);
    const socket = inlet?.socket ?? accepted;
    const connection = connections.add(socket, peer);
    if (ctx.admission.refusesConnection(connections.ofPeer(connection))) socket.destroy();
    else if (isMultiplexed) multiplex(connection);
    else if (inlet === undefined) {
      read(socket);
      // What was read behind a header of the PROXY protocol waits in it.
      if (peer !== undefined) socket.resume();
    } else {
      const lane = new ExpressLane(ctx, connection, inlet, leaveExpress);
      expressLanes.enter(lane);
      socket.once('close', () => expressLanes.leave(lane));
    }
  };
  listener.on('drop', () => ctx.admission.droppedConnection());

  const door = new TlsDoor({
    handshakeTimeout: timeouts.requestHead || 15_000,
    minVersion: options.tlsMinVersion ?? 'TLSv1.2',
    protocols: http2 ? ['h2', 'http/1.1'] : ['http/1.1'],
    onSecure: accept,
  });
  const enter = { http: accept, https: (socket: Socket): void => door.take(socket) };
  const arrive = (socket: Socket, scheme: Scheme): void => {
    if (connections.size + door.shaking + (proxyDoor?.waiting ?? 0) >= limits.connections) {
      ctx.admission.droppedConnection();
      socket.destroy();
    } else if (proxyDoor === undefined) enter[scheme](socket);
    else proxyDoor.take(socket, enter[scheme]);
  };
  listener.on('connection', (socket: Socket) => arrive(socket, 'http'));
  const tlsListener = createServer({ noDelay: true }, socket => arrive(socket, 'https'));

  let stopHeartbeat = (): void => {};
  // Often enough to tell, seldom enough for thousands of them.
  const lookForIdleEvery = Math.min(
    (timeouts.requestHead || 20_000) / 4,
    (timeouts.keepAlive || 20_000) / 4,
    250,
  );
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
    for (const lane of http2Lanes) lane.endIdle(now);
  };

  let serves = false;
  const begin = (): void => {
    if (serves) return;
    serves = true;
    stopHeartbeat = startHeartbeat(onBeat);
    // Without it, Node does not watch for heads that come too slowly.
    if (!listener.listening) listener.emit('listening');
  };

  const stopListening = (): void => {
    // Unlike http.Server's, this leaves idle connections open, on which a request may be on its way.
    for (const each of [listener, tlsListener]) if (each.listening) TcpServer.prototype.close.call(each);
  };

  return {
    listen: async (at, scheme = 'http') => {
      const bound = await listen(scheme === 'http' ? listener : tlsListener, at, log);
      begin();
      return bound;
    },

    take: (socket, scheme = 'http') => {
      begin();
      arrive(socket, scheme);
    },

    certify: certificates => door.certify(certificates),

    trust: credentials => ctx.upstreamTls.replace(credentials),

    limit: (nextLimits, nextTimeouts) => {
      Object.assign(limits, nextLimits);
      Object.assign(timeouts, nextTimeouts);
    },

    retain: ids => {
      ctx.upstreams.retain(ids);
      ctx.mirrors.retain(ids);
    },

    retainCounts: isLive => {
      ctx.mirrors.results.retain(isLive);
      ctx.judgements.retain(isLive);
    },

    mirrored: () => ctx.mirrors.results,
    judged: () => ctx.judgements,

    figures: () => ({
      requests: ctx.requests,
      connections: connections.size,
      handshakes: door.shaking,
      failedHandshakes: door.failed,
      unproxied: { ...(proxyDoor?.refused ?? {}) },
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
      const closed = [listener, tlsListener].map(each => new Promise(resolve => each.close(resolve)));
      for (const { socket } of connections) socket.destroy();
      ctx.upstreams.close();
      ctx.mirrors.close();
      proxyDoor?.close();
      door.close();
      await Promise.all(closed);
    },
  };
};
