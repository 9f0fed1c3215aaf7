import type { Duplex } from 'node:stream';
import type { Loads } from '../core/balance.ts';
import type { Decision, Refusal, RequestFacts } from '../core/decide.ts';
import type { Log } from '../telemetry/log.ts';
import type { RequestObserver } from '../telemetry/observer.ts';

/** What a hop may decide by. */
export interface ProxyFacts extends RequestFacts {
  /** Absent where the client named none. */
  readonly port?: number;
  /** IP literal; IPv4 is never mapped into IPv6. */
  readonly clientAddress: string;
}

export interface ProxyOptions {
  /** Where each request goes: the table of a gateway, the one target of a sidecar's inbound, the names of its
   * outbound. Called once a request, synchronously. */
  readonly decide: (facts: ProxyFacts) => Decision | Refusal;
  /** Waited for before `decide` where a hop must first learn of whom it is asked for; undefined where it need not.
   * Must not reject. */
  readonly prepare?: (facts: ProxyFacts) => Promise<void> | undefined;
  /** Names this very process in `Via`; a token (RFC 9110, 5.6.2). A request that carries it is a loop. */
  readonly via: string;
  readonly observer: RequestObserver;
  readonly loads: Loads;
  readonly log: Log;
  /** Whether `X-Forwarded-Host` and `-Proto` of this peer hold. Default: nobody's do, and ours replace them. */
  readonly trusts?: (peerAddress: string) => boolean;
  /** Takes over the socket of a CONNECT, bytes that came with it included. Default: CONNECT is refused. */
  readonly tunnel?: Tunnel;
  /** Answered by the proxy itself, 200 or 503, for load balancers in front. Default: off. */
  readonly readyPath?: string;
  readonly isReady?: () => boolean;
  readonly limits?: Partial<Limits>;
  readonly timeouts?: Partial<Timeouts>;
  /** Draws from [0, 1), for retries. Default: Math.random. */
  readonly chance?: () => number;
  /** A new request id. Default: nanoid. */
  readonly nextId?: () => string;
}

/** @returns false to refuse it after all */
export type Tunnel = (authority: string, socket: Duplex, head: Buffer) => boolean;

export interface Limits {
  /** Of the request line and all headers together. */
  readonly headerBytes: number;
  readonly headerCount: number;
  readonly uriBytes: number;
  readonly bodyBytes: number;
  /** A body of at most so many bytes is read whole before it is sent, and can be sent again. */
  readonly keptBodyBytes: number;
  /** Requests under way; more are refused as `overloaded`. Upgraded connections do not count. */
  readonly requests: number;
  /** Connections of clients; more are closed as they come. */
  readonly connections: number;
  /** Connections to one instance; a request over it goes to another instance or is refused as `overloaded`. */
  readonly connectionsPerInstance: number;
}

/** All in milliseconds; 0 is off (and for `linger`, at once). */
export interface Timeouts {
  /** For the head of a request, from its connection's start or from its first byte. */
  readonly requestHead: number;
  /** A client that neither sends its body on nor takes the response. */
  readonly clientStall: number;
  /** An idle connection of a client. */
  readonly keepAlive: number;
  readonly connect: number;
  /** From the last byte of the request to the head of the response. */
  readonly responseHead: number;
  /** Between two pieces of a response. Long, since an event stream may rest for minutes. */
  readonly responseStall: number;
  /** For what a client still uploads after its answer is complete, before the connection is closed. */
  readonly linger: number;
}

export const DEFAULT_LIMITS: Limits = {
  headerBytes: 32 * 1024,
  headerCount: 200,
  uriBytes: 8 * 1024,
  bodyBytes: Number.POSITIVE_INFINITY,
  keptBodyBytes: 16 * 1024,
  requests: 10_000,
  connections: 20_000,
  connectionsPerInstance: 1_024,
};

export const DEFAULT_TIMEOUTS: Timeouts = {
  requestHead: 15_000,
  clientStall: 60_000,
  keepAlive: 75_000,
  connect: 3_000,
  responseHead: 60_000,
  responseStall: 15 * 60_000,
  linger: 5_000,
};
