import { type Claim, type ReadOptions, readClaims, type ServiceClaims } from './claims.ts';
import type { AllWeights, Catalog, Quarantined, Rule, ServiceState, Snapshot } from './model.ts';

export interface SnapshotInput {
  readonly catalog: Catalog;
  readonly weights: AllWeights;
  /** The snapshot in force: its owners of contested matches are the incumbents. */
  readonly previous?: Snapshot;
  /** The incumbents where there is no snapshot yet: rule id -> service. */
  readonly owners?: ReadonlyMap<string, string>;
}

/** catalog + weights -> every rule with its split and live targets. Same input, same snapshot. */
export type BuildSnapshot = (input: SnapshotInput) => Snapshot;

/**
 * Builds one snapshot after another. Of a catalog of thousands mostly one service changes at a time: a service
 * whose instances and weights are the same objects as before is not read again.
 */
export const createSnapshotBuilder = (options: ReadOptions): BuildSnapshot => {
  let known: ReadonlyMap<string, ServiceClaims> = new Map();
  return ({ catalog, weights, previous, owners }) => {
    const read = new Map<string, ServiceClaims>();
    for (const [name, instances] of catalog) {
      const stored = weights.get(name);
      const before = known.get(name);
      const isSame = before?.instances === instances && before.stored === stored;
      read.set(name, isSame ? before : readClaims(name, instances, stored, options));
    }
    known = read;
    return assemble(read, previous, owners);
  };
};

const assemble = (
  read: ReadonlyMap<string, ServiceClaims>,
  previous: Snapshot | undefined,
  owners: ReadonlyMap<string, string> = new Map(),
): Snapshot => {
  const quarantine: Quarantined[] = [];
  const services = new Map<string, ServiceState>();
  const claims = new Map<string, Claim[]>();
  for (const [name, service] of read) {
    services.set(name, service.state);
    for (const entry of service.quarantine) quarantine.push(entry);
    for (const claim of service.claims) {
      const rivals = claims.get(claim.rule.id);
      if (rivals === undefined) claims.set(claim.rule.id, [claim]);
      else rivals.push(claim);
    }
  }

  const incumbents =
    previous === undefined ? owners : new Map(previous.rules.map(rule => [rule.id, rule.service]));
  const rules: Rule[] = [];
  for (const [id, rivals] of claims) {
    const owner = settle(rivals, incumbents.get(id));
    rules.push(owner.rule);
    for (const loser of rivals) {
      if (loser === owner) continue;
      quarantine.push({
        service: loser.rule.service,
        subject: id,
        reason: `service "${owner.rule.service}" holds this match; give one of the two another path or host`,
      });
    }
  }
  return { revision: (previous?.revision ?? 0) + 1, rules, services, quarantine };
};

/** The incumbent while it has a live instance; else those that live before those that don't, the oldest, the name. */
const settle = (rivals: readonly Claim[], incumbent: string | undefined): Claim => {
  const kept = rivals.find(claim => claim.rule.service === incumbent && claim.isLive);
  if (kept !== undefined) return kept;
  const [first] = [...rivals].sort(
    (a, b) =>
      Number(b.isLive) - Number(a.isLive) ||
      a.createIndex - b.createIndex ||
      (a.rule.service < b.rule.service ? -1 : 1),
  );
  return first as Claim;
};
