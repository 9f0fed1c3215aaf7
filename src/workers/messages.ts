/**
 * What a gateway and its workers say to each other: plain data by structured clone, in order, each way.
 * A connection travels beside its message.
 */
import type { Config } from '../config.ts';
import type { Snapshot } from '../core/model.ts';
import type { Figure } from '../telemetry/figures.ts';
import type { Ejected } from './traffic.ts';

export type ToWorker =
  /** The first one. */
  | { readonly kind: 'start'; readonly config: Config; readonly via: string; readonly worker: number }
  /** Answered by `follows`; the next one is sent after that. */
  | { readonly kind: 'snapshot'; readonly snapshot: Snapshot }
  /** With a socket. Counted in the next `connections`. */
  | { readonly kind: 'connection' }
  /** Answered by `figures`. */
  | { readonly kind: 'tell' }
  /** The last one: answered by `left`, and by the end of the process. */
  | { readonly kind: 'drain'; readonly deadline: number; readonly delay: number };

export type FromWorker =
  | { readonly kind: 'follows' }
  /** @property taken those taken over since the last such message; sent before anything is read from them */
  | { readonly kind: 'connections'; readonly taken: number; readonly open: number }
  | { readonly kind: 'figures'; readonly figures: readonly Figure[]; readonly ejected: Ejected }
  | { readonly kind: 'left'; readonly cut: number; readonly figures: readonly Figure[] };
