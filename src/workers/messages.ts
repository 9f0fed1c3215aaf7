/**
 * What a gateway and its workers say to each other: plain data by structured clone, in order, each way.
 * A connection travels beside its message.
 */
import type { Config } from '../config.ts';
import type { News, Telling } from '../core/limit/authority.ts';
import type { Scheme } from '../proxy/server.ts';
import type { Certificates } from '../proxy/tls/door.ts';
import type { UpstreamCredentials } from '../proxy/upstream/tls.ts';
import type { Figure } from '../telemetry/figures.ts';
import type { CountedVersions, Watched } from '../telemetry/version-samples.ts';
import type { SnapshotChanges } from './snapshot-changes.ts';
import type { Ejected } from './traffic.ts';

export type ToWorker =
  /** The first one. */
  | { readonly kind: 'start'; readonly config: Config; readonly via: string; readonly worker: number }
  /** Against the snapshot before, the first against none. Answered by `follows`; the next ones are sent after that. */
  | { readonly kind: 'changes'; readonly changes: SnapshotChanges }
  /** With a socket. Counted in the next `connections`. */
  | { readonly kind: 'connection'; readonly scheme: Scheme }
  /** Before the first connection over TLS, and whenever they are replaced. */
  | { readonly kind: 'certify'; readonly certificates: Certificates }
  /** Before the first connection, and whenever they are replaced. */
  | { readonly kind: 'trust'; readonly credentials: UpstreamCredentials }
  /** The answer to `debits`. */
  | { readonly kind: 'owed'; readonly owed: readonly number[] }
  /** Of rate limits. */
  | { readonly kind: 'news'; readonly news: readonly News[] }
  /** Answered by `figure`s and `told`. */
  | { readonly kind: 'tell' }
  /** Answered by a `counted` every second as long as there is any. */
  | { readonly kind: 'watch'; readonly watched: readonly Watched[] }
  /** The last one: answered by `left`, and by the end of the process. */
  | { readonly kind: 'drain'; readonly deadline: number; readonly delay: number };

export type FromWorker =
  | { readonly kind: 'follows' }
  /** @property taken those taken over since the last such message; sent before anything is read from them */
  | { readonly kind: 'connections'; readonly taken: number; readonly open: number }
  /** What has passed of rate limits. The next ones come after the `owed` to these. */
  | { readonly kind: 'debits'; readonly tellings: readonly Telling[] }
  /** One of many, which are all when `told` or `left` follows. */
  | { readonly kind: 'figure'; readonly figure: Figure }
  | { readonly kind: 'told'; readonly ejected: Ejected }
  | { readonly kind: 'counted'; readonly counted: CountedVersions }
  | { readonly kind: 'left'; readonly cut: number };
