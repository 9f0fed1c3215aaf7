import type { Quarantined } from '../core/model/quarantine.ts';
import type { Rule } from '../core/model/rule.ts';
import type { ServiceState, Snapshot } from '../core/model/snapshot.ts';

/**
 * What makes the next snapshot of the one before: of a thousand services mostly one changes at a time, and whoever has
 * the others keeps the very objects.
 */
export interface SnapshotChanges extends Omit<Snapshot, 'rules' | 'services' | 'quarantine'> {
  readonly rules: readonly Piece<Rule>[];
  readonly services: readonly Piece<ServiceState>[];
  readonly quarantine: readonly Piece<Quarantined>[];
}

/** A part of a list: so many of the list before from this place on, or new ones. */
export type Piece<T> = { readonly from: number; readonly count: number } | { readonly fresh: readonly T[] };

/** What a worker begins with. */
export const NO_SNAPSHOT: Snapshot = { revision: 0, rules: [], services: new Map(), quarantine: [] };

/** @param before the snapshot that the other side has, by identity of what it was made of */
export const changesOf = (
  before: Snapshot,
  { rules, services, quarantine, ...rest }: Snapshot,
): SnapshotChanges => ({
  ...rest,
  rules: piecesOf(before.rules, rules),
  services: piecesOf([...before.services.values()], [...services.values()]),
  quarantine: piecesOf(before.quarantine, quarantine),
});

/** @param before the snapshot that the changes were taken from */
export const applyChanges = (
  before: Snapshot,
  { rules, services, quarantine, ...rest }: SnapshotChanges,
): Snapshot => ({
  ...rest,
  rules: joinPieces(before.rules, rules),
  services: new Map(
    joinPieces([...before.services.values()], services).map(service => [service.name, service]),
  ),
  quarantine: joinPieces(before.quarantine, quarantine),
});

const piecesOf = <T>(before: readonly T[], after: readonly T[]): Piece<T>[] => {
  const places = new Map(before.map((item, place) => [item, place]));
  const pieces: Piece<T>[] = [];
  let at = 0;
  while (at < after.length) {
    const begin = at;
    const from = places.get(after[at] as T);
    if (from === undefined) {
      while (at < after.length && !places.has(after[at] as T)) at += 1;
      pieces.push({ fresh: after.slice(begin, at) });
    } else {
      while (at < after.length && places.get(after[at] as T) === from + at - begin) at += 1;
      pieces.push({ from, count: at - begin });
    }
  }
  return pieces;
};

const joinPieces = <T>(before: readonly T[], pieces: readonly Piece<T>[]): T[] => {
  const joined: T[] = [];
  for (const piece of pieces) {
    const items = 'fresh' in piece ? piece.fresh : before.slice(piece.from, piece.from + piece.count);
    for (const item of items) joined.push(item);
  }
  return joined;
};
