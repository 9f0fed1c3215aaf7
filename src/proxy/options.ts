import type { Duplex } from 'node:stream';
import type { Fleet } from '../core/balance/fleet.ts';
import type { Outcome } from '../core/decide/decide.ts';
import type { RequestFacts } from '../core/request-facts.ts';
import type { Limits, Timeouts } from '../core/settings/limits.ts';
import type { Sequences } from '../core/split/draw.ts';
import type { Log } from '../telemetry/log.ts';
import type { RequestObserver } from '../telemetry/observer.ts';

export type { Limits, Timeouts } from '../core/settings/limits.ts';

/** What a hop may decide by. */
export interface ProxyFacts extends RequestFacts {
  /** Absent where the client named none. */
  readonly port?: number | undefined;
  /** IP literal; IPv4 is never mapped into IPv6. A trusted peer's word for it counts. */
  readonly clientAddress: string;
  /** Of the other end of the connection, whoever it speaks for. */
  readonly peerAddress: string;
}

export interface ProxyOptions {
  /** Where each request goes: the table of a gateway, the one target of a sidecar's inbound, the names of its
   * outbound. Called once a request, synchronously; `now` is in monotonic milliseconds. */
  readonly decide: (facts: ProxyFacts, now: number) => Outcome;
  /** Waited for before `decide` where a hop must first learn of whom it is asked for; undefined where it need not.
   * Must not reject. */
  readonly prepare?: (facts: ProxyFacts) => Promise<void> | undefined;
  /** Names this very process in `Via`; a token (RFC 9110, 5.6.2). A request that carries it is a loop. */
  readonly via: string;
  readonly observer: RequestObserver;
  readonly fleet: Fleet;
  readonly log: Log;
  /** Whether what this peer says of the client in front of it holds (`X-Forwarded-*`, `Forwarded`). Default: nobody's does,
   * and ours replaces it. */
  readonly trusts?: (peerAddress: string) => boolean;
  /** Whether each connection must begin with a header of the PROXY protocol, from a peer that `trusts` names. Default: none
   * does. */
  readonly proxyProtocol?: boolean;
  /** Takes over the socket of a CONNECT, bytes that came with it included. Default: CONNECT is refused. */
  readonly tunnel?: Tunnel;
  /** Answered by the proxy itself, 200 or 503, for load balancers in front. Default: off. */
  readonly readyPath?: string;
  readonly isReady?: () => boolean;
  /** The `Host` that instances see where neither their tags nor the rule say: the client's, or their own address and port.
   * Default: the client's. */
  readonly upstreamHost?: 'preserve' | 'instance';
  /** Whether the hop before is told which of our own answers stand for a failed attempt (hop-failure.ts), for a hop
   * with a single instance behind it: the one before knows others. Default: no. */
  readonly tellsFailures?: boolean;
  /** The oldest that clients may speak. Default: TLS 1.2. */
  readonly tlsMinVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** Whether clients may speak HTTP/2: over TLS where they ask for it, in the clear where they begin with it. Default: they may. */
  readonly http2?: boolean;
  readonly limits?: Partial<Limits>;
  readonly timeouts?: Partial<Timeouts>;
  /** Whether plain requests take the express lane. Default: they do. */
  readonly express?: boolean;
  /** What copies are drawn from. Default: by chance. */
  readonly sequences?: Sequences | undefined;
  /** Draws from [0, 1), for retries. Default: Math.random. */
  readonly chance?: () => number;
  /** Monotonic milliseconds. Default: performance.now. */
  readonly now?: () => number;
  /** A new request id. Default: nanoid. */
  readonly nextId?: () => string;
}

/** @returns false to refuse it after all */
export type Tunnel = (authority: string, socket: Duplex, head: Buffer) => boolean;
