import { type ReadOptions, readClaims, type ServiceClaims, saysTheSame } from './claims.ts';
import { DocumentClaims, type ReadServices } from './document-claims.ts';
import { type Documents, NO_DOCUMENTS } from './document-rule.ts';
import { limitExpressions } from './expression-limit.ts';
import type { Catalog } from './model/instance.ts';
import type { Problem } from './model/quarantine.ts';
import type { Rule } from './model/rule.ts';
import type { ServiceState, Snapshot } from './model/snapshot.ts';
import type { AllWeights } from './model/split.ts';
import { quarantineOf, type Since, sinceOf } from './quarantine.ts';
import { type Claim, conflict, settle } from './settle.ts';
import { areSharing, createSharedRules } from './shared-rule.ts';
import { createDefinitions } from './tags/traefik/definitions.ts';

export interface SnapshotInput {
  readonly catalog: Catalog;
  readonly weights: AllWeights;
  readonly documents?: Documents;
  /** The snapshot in force: its owners of contested matches are the incumbents. */
  readonly previous?: Snapshot;
  /** The incumbents where there is no snapshot yet: rule id -> service. */
  readonly owners?: ReadonlyMap<string, string>;
  /** Since when problems last, where there is no snapshot yet. */
  readonly since?: Since;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** catalog + weights + documents -> every rule with its split and live targets. Same input, same snapshot. */
export type BuildSnapshot = (input: SnapshotInput) => Snapshot;

/**
 * Builds one snapshot after another. Of a catalog of thousands mostly one service changes at a time: a service
 * whose instances and weights are the same objects as before is not read again, unless another service has changed what
 * its tags name, and its rules stay the same objects.
 */
export const createSnapshotBuilder = (
  given: ReadOptions,
  documentClaims = new DocumentClaims(),
): BuildSnapshot => {
  const definitionsIn = given.dialects?.includes('traefik') ? createDefinitions() : undefined;
  let known: ReadServices = new Map();
  const sharedRule = createSharedRules();
  return ({ catalog, weights, documents = NO_DOCUMENTS, previous, owners, since, now }) => {
    const options = definitionsIn === undefined ? given : { ...given, definitionOf: definitionsIn(catalog) };
    const read = new Map<string, ServiceClaims>();
    for (const [name, instances] of catalog) {
      const stored = weights.get(name);
      const before = known.get(name);
      const isSame = before !== undefined && saysTheSame(before, instances, stored, options);
      read.set(name, isSame ? before : readClaims(name, instances, stored, options));
    }
    known = read;
    const services = [...read.values()];
    const claims = [...services.map(({ claims }) => claims), documentClaims.of(documents.rules, read)].flat();
    const shared = share(claims, sharedRule, previous === undefined ? owners : holders(previous));
    const { rules, problems } = limitExpressions(shared.rules);
    const all = [
      ...services.flatMap(({ problems }) => problems),
      ...documents.problems,
      ...shared.problems,
      ...problems,
    ];
    return {
      revision: (previous?.revision ?? 0) + 1,
      rules,
      services: new Map(services.map(({ state }): [string, ServiceState] => [state.name, state])),
      quarantine: quarantineOf(all, previous === undefined ? since : sinceOf(previous.quarantine), now),
    };
  };
};

/** Rule id -> the service that holds the match by its tags. */
export const holders = ({ rules }: Pick<Snapshot, 'rules'>): Map<string, string> => {
  const holding = new Map<string, string>();
  for (const { id, origin } of rules) if (origin.from === 'tags') holding.set(id, origin.service);
  return holding;
};

/** Each match goes to one of those who claim it, or to all who share it. */
const share = (
  claims: readonly Claim[],
  sharedRule: (rivals: readonly Claim[]) => Rule,
  incumbents: ReadonlyMap<string, string> = new Map(),
): { rules: Rule[]; problems: Problem[] } => {
  const contested = new Map<string, Claim[]>();
  for (const claim of claims) {
    const rivals = contested.get(claim.rule.id);
    if (rivals === undefined) contested.set(claim.rule.id, [claim]);
    else rivals.push(claim);
  }
  const rules: Rule[] = [];
  const problems: Problem[] = [];
  for (const [id, rivals] of contested) {
    if (areSharing(rivals)) {
      rules.push(sharedRule(rivals));
      continue;
    }
    const owner = settle(rivals, incumbents.get(id));
    rules.push(owner.rule);
    for (const loser of rivals) if (loser !== owner) problems.push(conflict(loser, owner));
  }
  return { rules, problems };
};
