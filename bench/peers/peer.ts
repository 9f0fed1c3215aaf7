import type { Upstream } from '../upstream.ts';

/** What a peer may be set up for besides: TLS, HTTP/2 over it, gRPC. */
export type Speech = 'tls' | 'http2' | 'grpc';

/** Something that answers the bench's requests: a proxy, or the upstream itself. */
export interface Peer {
  readonly name: string;
  /** One line for the page and the table's foot. */
  readonly about: string;
  /** Without: plain HTTP/1.1 and WebSockets alone. */
  readonly speaks?: readonly Speech[];
  /** Why it can't run on this machine; undefined where it can. */
  missing(): string | undefined;
  version(): string;
  start(site: Site): Promise<RunningPeer>;
}

/** Where a peer finds what it forwards to, and may write. */
export interface Site {
  readonly upstream: Upstream;
  readonly certificate: SiteCertificate;
  /** A folder of its own. */
  folder(name: string): string;
}

/** Paths of what every peer shows to clients. */
export interface SiteCertificate {
  readonly cert: string;
  readonly key: string;
  /** Both in one file. */
  readonly bundle: string;
}

export interface RunningPeer {
  /** Of 127.0.0.1: where requests go, and where WebSockets go (`/ws`). */
  readonly port: number;
  readonly echoPort: number;
  /** Where requests go over TLS, in HTTP/1.1 or HTTP/2 by ALPN. */
  readonly tlsPort?: number;
  /** Where gRPC goes, in HTTP/2 by prior knowledge. */
  readonly grpcPort?: number;
  /** Root of the process tree that is measured; the direct way has none. */
  readonly pid: number | undefined;
  /** What went wrong beside the answers that callers saw, in words. */
  readonly problems?: () => Promise<string[]>;
  /** Why it gave bad answers, in its own words. */
  readonly reasons?: () => Promise<string[]>;
  stop(): Promise<void>;
}
