import {
  constants,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Connection, Multiplexer } from '../connection.ts';
import type { Context } from '../context.ts';
import { Exchange } from '../exchange.ts';
import type { Placed } from '../running.ts';
import { SessionPulse } from '../session-pulse.ts';
import { Budget } from './budget.ts';
import { StreamReply } from './reply.ts';
import { readStreamHead } from './request.ts';
import { StreamRequest } from './stream-request.ts';

const { NGHTTP2_ENHANCE_YOUR_CALM } = constants;

/** The highest number of a stream: a GOAWAY that names it refuses none that is on its way (RFC 9113, 6.8). */
const LAST_STREAM = 2 ** 31 - 1;

/** Milliseconds between two looks at whether a session with streams still does anything. */
const LOOK_EVERY = 1_000;
/** Looks at a quiet session of which nothing is wanted any more, before what is left on it is cut. */
const MOST_LOOKS = 5;

/** One connection that speaks HTTP/2. */
export class Http2Lane implements Multiplexer, Placed {
  place = -1;
  readonly #ctx: Context;
  readonly #connection: Connection;
  readonly #session: ServerHttp2Session;
  readonly #budget = new Budget(performance.now());
  readonly #pulse: SessionPulse;
  readonly #streams = new Map<ServerHttp2Stream, Exchange>();
  #lookedAt = 0;
  #looksInVain = 0;
  #hasServed = false;
  #isEndAnnounced = false;
  #isGivenUp = false;
  #idleSince = performance.now();

  /** @param connection whose client has said the preface, or will: nothing behind it was read */
  constructor(ctx: Context, connection: Connection) {
    const { limits } = ctx;
    this.#ctx = ctx;
    this.#connection = connection;
    connection.multiplexer = this;
    this.#session = performServerHandshake(connection.socket, {
      settings: {
        maxConcurrentStreams: limits.streamsPerConnection,
        maxHeaderListSize: limits.headerBytes,
      },
      // One above the limit is told so; only what goes on beyond costs the stream.
      maxHeaderListPairs: Math.min(limits.headerCount * 2, LAST_STREAM),
    });
    this.#pulse = new SessionPulse(this.#session, connection.socket);
    this.#session.on('stream', this.#onStream).on('remoteSettings', this.#onWaste).on('error', ignore);
    // Nobody reads on who has nothing to say: HTTP/2 knows no connection that is half open.
    connection.socket.once('end', () => connection.socket.destroy());
  }

  /** Ends it where nothing came for too long. Called now and then. @param now on performance.now()'s scale */
  endIdle(now: number): void {
    if (this.#streams.size > 0) {
      if (now - this.#lookedAt >= LOOK_EVERY) this.#look(now);
      return;
    }
    this.#pulse.rest();
    const { keepAlive, requestHead } = this.#ctx.timeouts;
    const limit = this.#hasServed ? keepAlive : requestHead;
    if (limit === 0 || now - this.#idleSince < limit) return;
    // Half a head is no stream yet, and holds an orderly end up.
    if (this.#session.closed) this.#session.destroy();
    else this.finish();
  }

  /** A session that does nothing any more closes no stream, and hears of nobody who leaves. */
  #look(now: number): void {
    this.#lookedAt = now;
    let isUnsent = false;
    let isWanted = false;
    for (const [{ writableLength }, { isOver }] of this.#streams) {
      if (writableLength > 0) isUnsent = true;
      if (!isOver) isWanted = true;
    }
    const pulse = this.#pulse.look(isUnsent);
    this.#looksInVain = isWanted || pulse === 'heard' ? 0 : this.#looksInVain + 1;
    if (pulse === 'given up' || this.#looksInVain >= MOST_LOOKS) {
      this.#session.destroy();
      this.#connection.socket.destroy();
    }
  }

  announceEnd(): void {
    if (this.#isEndAnnounced || this.#session.destroyed) return;
    this.#isEndAnnounced = true;
    this.#session.goaway(0, LAST_STREAM);
  }

  finish(): void {
    if (!this.#session.closed) this.#session.close();
  }

  readonly #onStream = (
    stream: ServerHttp2Stream,
    _headers: unknown,
    _flags: number,
    raw: readonly string[],
  ): void => {
    stream.on('error', ignore);
    // What was read together with the last straw.
    if (this.#isGivenUp) return;
    this.#hasServed = true;
    if (this.#ctx.draining) this.announceEnd();
    const lines = readStreamHead(raw, !stream.endAfterHeaders, this.#ctx.limits.headerBytes);
    const request = new StreamRequest(this.#ctx, stream, lines);
    const reply = new StreamReply(stream, lines.method, request.grpcType);
    const exchange = new Exchange(this.#ctx, this.#connection, request, reply);
    this.#streams.set(stream, exchange);
    stream.once('close', () => {
      this.#streams.delete(stream);
      this.#idleSince = performance.now();
      if (exchange.isOver) return;
      exchange.clientLeft();
      this.#onWaste();
    });
    this.#connection.enter(exchange);
  };

  /** Streams that came to nothing, whoever reset them (CVE-2023-44487, CVE-2025-8671), and settings without end (CVE-2019-9515). */
  readonly #onWaste = (): void => {
    if (this.#isGivenUp || this.#budget.spend(performance.now())) return;
    this.#isGivenUp = true;
    // Destroyed in the midst of reading, while nghttp2 gives the session up itself, it takes Node 20 along.
    setImmediate(() => this.#session.destroy(undefined, NGHTTP2_ENHANCE_YOUR_CALM));
  };
}

/** What it breaks tells the end of the stream or the connection, and that is listened to. */
const ignore = (): void => {};
