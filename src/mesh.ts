import { isDeepStrictEqual } from 'node:util';
import type { Catalog } from './core/model/instance.ts';
import type { Snapshot } from './core/model/snapshot.ts';
import type { AllWeights } from './core/model/split.ts';
import type { ReadOptions } from './core/rules/claims.ts';
import { type Copies, createCopier } from './core/rules/copies.ts';
import { DocumentClaims } from './core/rules/document-claims.ts';
import { type Documents, NO_DOCUMENTS } from './core/rules/document-rule.ts';
import type { Since } from './core/rules/quarantine.ts';
import { type BuildSnapshot, createSnapshotBuilder } from './core/rules/snapshot.ts';
import type { Pace } from './telemetry/pace.ts';

export interface View {
  readonly snapshot: Snapshot;
  /** In force since then, in epoch milliseconds. */
  readonly since: number;
}

export interface MeshOptions extends ReadOptions {
  /** Whether route documents come in, too: there is no snapshot before they were seen once. Default: none do. */
  readonly hasDocuments?: boolean;
  /** Who held which match when a process before this one ended: rule id -> service. */
  readonly owners?: ReadonlyMap<string, string>;
  /** Since when problems lasted that were there then. */
  readonly since?: Since;
  /** Called after each swap, never for an update that changed nothing. */
  readonly onSwap?: (view: View, previous: View | undefined) => void;
  /** Epoch milliseconds. */
  readonly now?: () => number;
}

/** What came in. */
export interface Change {
  readonly catalog?: Catalog;
  readonly weights?: AllWeights;
  readonly documents?: Documents;
  /** None unless said. */
  readonly copies?: Copies;
}

/**
 * The only holder of the current snapshot. Catalog, weights and documents come in as they change; a new snapshot replaces
 * the old one whole, and an update that changes nothing swaps nothing.
 */
export class Mesh {
  readonly #documentClaims = new DocumentClaims();
  #build: BuildSnapshot;
  readonly #now: () => number;
  readonly #onSwap: MeshOptions['onSwap'];
  readonly #former: Pick<MeshOptions, 'owners' | 'since'>;
  #catalog: Catalog | undefined;
  #weights: AllWeights | undefined;
  #documents: Documents | undefined;
  #copies: Copies = new Map();
  readonly #addCopies = createCopier();
  #view: View | undefined;

  constructor(options: MeshOptions) {
    const { hasDocuments = false, owners, since, now = Date.now, onSwap, ...reading } = options;
    this.#build = createSnapshotBuilder(reading, this.#documentClaims);
    this.#documents = hasDocuments ? undefined : NO_DOCUMENTS;
    this.#now = now;
    this.#onSwap = onSwap;
    this.#former = { ...(owners === undefined ? {} : { owners }), ...(since === undefined ? {} : { since }) };
  }

  /** Undefined until catalog, weights and documents were seen once. */
  get view(): View | undefined {
    return this.#view;
  }

  /**
   * Does beforehand, in slices, most of what an update with these documents takes: of thousands it would hold up those who
   * are served. Without a snapshot there is nobody yet, and nothing is done.
   */
  async prepare({ rules }: Documents, pace: Pace): Promise<void> {
    if (this.#view === undefined) return;
    for (const rule of rules) {
      this.#documentClaims.prepare(rule);
      await pace();
    }
  }

  /** Reads tags and health by these from now on. */
  read(options: ReadOptions): void {
    this.#build = createSnapshotBuilder(options, this.#documentClaims);
    this.update({});
  }

  /** What is left out stays as it was. */
  update(change: Change): void {
    const catalog = change.catalog ?? this.#catalog;
    const weights = change.weights ?? this.#weights;
    const documents = change.documents ?? this.#documents;
    this.#catalog = catalog;
    this.#weights = weights;
    this.#documents = documents;
    this.#copies = change.copies ?? this.#copies;
    if (catalog === undefined || weights === undefined || documents === undefined) return;
    const previous = this.#view;
    const now = this.#now();
    const built = this.#build({
      catalog,
      weights,
      documents,
      now,
      ...(previous === undefined ? this.#former : { previous: previous.snapshot }),
    });
    const snapshot = { ...built, rules: this.#addCopies(built.rules, this.#copies) };
    if (previous !== undefined && isSame(previous.snapshot, snapshot)) return;
    this.#view = { snapshot, since: now };
    this.#onSwap?.(this.#view, previous);
  }
}

/** In all but the revision. */
const isSame = (a: Snapshot, b: Snapshot): boolean => isDeepStrictEqual({ ...a, revision: b.revision }, b);
