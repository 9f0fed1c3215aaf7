import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type ClientSessionOptions,
  connect,
  constants,
  type OutgoingHttpHeaders,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { SessionPulse } from '../../session-pulse.ts';
import { Deadline } from '../deadline.ts';
import type { Dialer } from '../dialer.ts';
import { HandshakeFault } from '../handshake-fault.ts';
import { MalformedResponse } from '../malformed.ts';

/** Whose session it is. */
export interface SessionOwner {
  /** It takes requests, or takes some again. */
  freed(session: Session): void;
  /** It is gone. Called once. @param cause where it never took a request: why */
  closed(session: Session, cause: Error | undefined): void;
}

/** What one stream may have on its way to us: it fills 2 Gbit/s at a millisecond, and bounds what a slow client costs. */
const STREAM_WINDOW = 256 * 1024;
const SESSION_WINDOW = 16 * 1024 * 1024;

/** Requests at once on one session, where the instance would take more. */
const MOST_STREAMS = 1_000;

/** An idle session is closed after so many milliseconds; most servers keep one for longer. */
const KEPT_FOR = 60_000;

/** Nothing was heard for so many milliseconds while an answer is due: the instance is asked whether it is there. */
const ASKED_AFTER = 15_000;
/** gRPC servers end sessions that ask more often than every five minutes while nothing else moves. */
const ASKED_AGAIN_AFTER = 310_000;
const ANSWERS_WITHIN = 10_000;

const OPTIONS: ClientSessionOptions = {
  settings: {
    enablePush: false,
    initialWindowSize: STREAM_WINDOW,
    maxHeaderListSize: 64 * 1024,
  },
  // Fields of a head, as in HTTP/1.1.
  maxHeaderListPairs: 1_000,
  maxSendHeaderBlockLength: 256 * 1024,
  // In megabytes: what all streams together have read and nobody has taken yet. Streams bound it by their windows.
  maxSessionMemory: 1_024,
};

/** One HTTP/2 connection to an instance, and the requests on it (RFC 9113). */
export class Session {
  readonly #dialer: Dialer;
  readonly #owner: SessionOwner;
  readonly #socket: Socket;
  readonly #deadline = new Deadline(() => this.#fail(new Error('connecting took too long')));
  #session: ClientHttp2Session | undefined;
  #state: 'connecting' | 'open' | 'leaving' | 'closed' = 'connecting';
  #pulse: SessionPulse | undefined;
  #most = 0;
  readonly #streams = new Set<ClientHttp2Stream>();
  #wasUsed = false;
  /** The last stream that the instance may have looked at (RFC 9113, 6.8). */
  #lastTaken = Number.POSITIVE_INFINITY;
  /** On performance.now()'s scale: since when it carries nothing. */
  #idleSince = performance.now();
  #heardAt = performance.now();
  /** When the instance was asked whether it is there; 0 where it was not since it was heard last. */
  #askedAt = 0;

  /** @param limit milliseconds to be ready in; 0 is without limit */
  constructor(dialer: Dialer, limit: number, owner: SessionOwner) {
    this.#dialer = dialer;
    this.#owner = owner;
    this.#socket = dialer.open();
    this.#socket
      .once(dialer.readyEvent, () => this.#begin())
      .on('error', cause => this.#fail(cause))
      .once('close', () => this.#fail(new Error('the instance ended the connection')));
    this.#deadline.set(limit);
  }

  get isConnecting(): boolean {
    return this.#state === 'connecting';
  }

  get wasUsed(): boolean {
    return this.#wasUsed;
  }

  /** Requests at once. */
  get most(): number {
    return this.#most;
  }

  get hasRoom(): boolean {
    return this.#state === 'open' && this.#streams.size < this.#most;
  }

  /** Whether the instance has said that it did nothing about a stream. */
  isUntouched({ id, rstCode }: ClientHttp2Stream): boolean {
    return rstCode === constants.NGHTTP2_REFUSED_STREAM || id === undefined || id > this.#lastTaken;
  }

  /** Only where there is room. @throws where fields are none that HTTP/2 has */
  request(fields: OutgoingHttpHeaders, endStream: boolean): ClientHttp2Stream {
    if (this.#session === undefined) throw new Error('the session is not open');
    const stream = this.#session.request(fields, { endStream });
    if (this.#streams.size === 0) this.#heardAt = performance.now();
    this.#streams.add(stream);
    this.#wasUsed = true;
    stream.once('close', () => this.#onStreamClosed(stream));
    return stream;
  }

  /** Takes no more, and ends with the last of its streams. */
  leave(): void {
    if (this.#state === 'connecting') this.destroy();
    if (this.#state !== 'open') return;
    this.#state = 'leaving';
    this.#session?.close();
  }

  /** Cuts whatever it carries. */
  destroy(): void {
    this.#close(undefined);
    this.#session?.destroy(new Error('the session was cut'));
    this.#socket.destroy();
  }

  /** Called now and then: ends it where it is of no use, or where nobody is there any more. */
  check(now: number): void {
    if (this.#streams.size === 0) {
      this.#pulse?.rest();
      if (now - this.#idleSince >= KEPT_FOR) this.leave();
      return;
    }
    const pulse = this.#pulse?.look(this.#isUnsent);
    if (pulse === 'given up') {
      this.#fail(new MalformedResponse('the instance broke the rules of the connection'));
      return;
    }
    if (pulse === 'heard') {
      this.#heardAt = now;
      this.#askedAt = 0;
      return;
    }
    const wait = this.#askedAt === 0 ? ASKED_AFTER : ASKED_AGAIN_AFTER;
    if (now - Math.max(this.#heardAt, this.#askedAt) >= wait) this.#ask(now);
  }

  #ask(now: number): void {
    this.#askedAt = now;
    const timer = setTimeout(
      () => this.#session?.destroy(new Error('the instance answers no PING')),
      ANSWERS_WITHIN,
    );
    timer.unref();
    this.#session?.ping(() => {
      clearTimeout(timer);
      this.#pulse?.discount();
    });
  }

  get #isUnsent(): boolean {
    for (const { writableLength } of this.#streams) if (writableLength > 0) return true;
    return false;
  }

  #begin(): void {
    const { alpnProtocol } = this.#socket as TLSSocket;
    if (alpnProtocol !== undefined && alpnProtocol !== 'h2') {
      this.#fail(new HandshakeFault('it does not speak HTTP/2 over TLS (ALPN): is proto=https meant?'));
      return;
    }
    const session = connect('http://instance', { ...OPTIONS, createConnection: () => this.#socket });
    this.#session = session;
    this.#pulse = new SessionPulse(session, this.#socket);
    session
      .once('connect', () => session.setLocalWindowSize(SESSION_WINDOW))
      .on('remoteSettings', ({ maxConcurrentStreams = MOST_STREAMS }) => this.#allow(maxConcurrentStreams))
      .on('goaway', (_code, lastTaken) => {
        this.#lastTaken = lastTaken;
        if (this.#state === 'open') this.#state = 'leaving';
      })
      .on('error', cause => this.#fail(cause))
      .once('close', () => this.#fail(new Error('the instance ended the session')));
  }

  /** The first of the settings say that the other side speaks HTTP/2 (RFC 9113, 3.4). */
  #allow(most: number): void {
    this.#most = Math.min(most, MOST_STREAMS);
    if (this.#state === 'connecting') {
      this.#state = 'open';
      this.#deadline.stop();
      this.#idleSince = performance.now();
    }
    this.#owner.freed(this);
  }

  #onStreamClosed(stream: ClientHttp2Stream): void {
    this.#streams.delete(stream);
    if (this.#streams.size === 0) this.#idleSince = performance.now();
    this.#owner.freed(this);
  }

  #fail(cause: Error): void {
    if (this.#state === 'closed') return;
    const wasConnecting = this.#state === 'connecting';
    // Without an error, what it carries would end as if it were whole.
    this.#session?.destroy(cause);
    this.#socket.destroy();
    this.#close(wasConnecting ? this.#dialer.explain(asFault(cause)) : undefined);
  }

  #close(cause: Error | undefined): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#deadline.stop();
    this.#owner.closed(this, cause);
  }
}

/** What a server of HTTP/1.1 answers is no frame. */
const asFault = (cause: NodeJS.ErrnoException): Error =>
  cause.code === 'ERR_HTTP2_ERROR'
    ? new HandshakeFault('it does not speak HTTP/2: is proto=http (or https) meant?', { cause })
    : cause;
