import { isDeepStrictEqual } from 'node:util';
import type { AllWeights, Catalog, LivePolicy, Snapshot } from './core/model.ts';
import { type BuildSnapshot, createSnapshotBuilder } from './core/snapshot.ts';

export interface View {
  readonly snapshot: Snapshot;
  /** In force since then, in epoch milliseconds. */
  readonly since: number;
}

export interface MeshOptions {
  readonly policy: LivePolicy;
  readonly tagPrefix: string;
  /** Who held which match when a process before this one ended: rule id -> service. */
  readonly owners?: ReadonlyMap<string, string>;
  /** Called after each swap, never for an update that changed nothing. */
  readonly onSwap?: (view: View, previous: View | undefined) => void;
  /** Epoch milliseconds. */
  readonly now?: () => number;
}

/**
 * The only holder of the current snapshot. Catalog and weights come in as they change; a new snapshot replaces
 * the old one whole, and an update that changes nothing swaps nothing.
 */
export class Mesh {
  readonly #build: BuildSnapshot;
  readonly #now: () => number;
  readonly #onSwap: MeshOptions['onSwap'];
  readonly #owners: ReadonlyMap<string, string>;
  #catalog: Catalog | undefined;
  #weights: AllWeights | undefined;
  #view: View | undefined;

  constructor({ policy, tagPrefix, owners = new Map(), now = Date.now, onSwap }: MeshOptions) {
    this.#build = createSnapshotBuilder({ policy, tagPrefix });
    this.#now = now;
    this.#onSwap = onSwap;
    this.#owners = owners;
  }

  /** Undefined until both catalog and weights were seen once. */
  get view(): View | undefined {
    return this.#view;
  }

  /** What is left out stays as it was. */
  update(change: { readonly catalog?: Catalog; readonly weights?: AllWeights }): void {
    this.#catalog = change.catalog ?? this.#catalog;
    this.#weights = change.weights ?? this.#weights;
    if (this.#catalog === undefined || this.#weights === undefined) return;
    const previous = this.#view;
    const snapshot = this.#build({
      catalog: this.#catalog,
      weights: this.#weights,
      owners: this.#owners,
      ...(previous === undefined ? {} : { previous: previous.snapshot }),
    });
    if (previous !== undefined && isSame(previous.snapshot, snapshot)) return;
    this.#view = { snapshot, since: this.#now() };
    this.#onSwap?.(this.#view, previous);
  }
}

/** In all but the revision. */
const isSame = (a: Snapshot, b: Snapshot): boolean => isDeepStrictEqual({ ...a, revision: b.revision }, b);
