import type { Upstream } from '../upstream.ts';

/** Something that answers the bench's requests: a proxy, or the upstream itself. */
export interface Peer {
  readonly name: string;
  /** One line for the page and the table's foot. */
  readonly about: string;
  /** Why it can't run on this machine; undefined where it can. */
  missing(): string | undefined;
  version(): string;
  start(site: Site): Promise<RunningPeer>;
}

/** Where a peer finds what it forwards to, and may write. */
export interface Site {
  readonly upstream: Upstream;
  /** A folder of its own. */
  folder(name: string): string;
}

export interface RunningPeer {
  /** Of 127.0.0.1: where requests go, and where WebSockets go (`/ws`). */
  readonly port: number;
  readonly echoPort: number;
  /** Root of the process tree that is measured; the direct way has none. */
  readonly pid: number | undefined;
  /** What went wrong beside the answers that callers saw, in words. */
  readonly problems?: () => Promise<string[]>;
  /** Why it gave bad answers, in its own words. */
  readonly reasons?: () => Promise<string[]>;
  stop(): Promise<void>;
}
