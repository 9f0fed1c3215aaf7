import type { Catalog } from '../model/instance.ts';
import type { Problem } from '../model/quarantine.ts';
import type { Rule } from '../model/rule.ts';
import type { ServiceState, Snapshot } from '../model/snapshot.ts';
import type { AllWeights } from '../model/split.ts';
import { createDefinitions } from '../tags/traefik/definitions.ts';
import { type ReadOptions, readClaims, type ServiceClaims, saysTheSame } from './claims.ts';
import { DocumentClaims, type ReadServices } from './document-claims.ts';
import { type Documents, NO_DOCUMENTS } from './document-rule.ts';
import { limitExpressions } from './expression-limit.ts';
import { createJudges } from './judges.ts';
import { quarantineOf, type Since, sinceOf } from './quarantine.ts';
import { type Claim, conflict, settle } from './settle.ts';
import { areSharing, createSharedRules } from './shared-rule.ts';
import { unsharedLimits } from './unshared-limits.ts';

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
  const addJudges = createJudges();
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
    const services = new Map<string, ServiceState>();
    const claims: Claim[] = [];
    const ofServices: Problem[] = [];
    for (const [name, service] of read) {
      services.set(name, service.state);
      claims.push(...service.claims);
      ofServices.push(...service.problems);
    }
    for (const claim of documentClaims.of(documents.rules, read)) claims.push(claim);
    const shared = share(claims, sharedRule, () => (previous === undefined ? owners : holders(previous)));
    const { rules, problems } = limitExpressions(addJudges(shared.rules, read));
    const unshared = given.isAlone ? unsharedLimits(rules) : [];
    const all = [...ofServices, ...documents.problems, ...shared.problems, ...problems, ...unshared];
    return {
      revision: (previous?.revision ?? 0) + 1,
      rules,
      services,
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

/**
 * Each match goes to one of those who claim it, or to all who share it.
 *
 * @param holding rule id -> service of the incumbents: asked only where a match is contested
 */
const share = (
  claims: readonly Claim[],
  sharedRule: (rivals: readonly Claim[]) => Rule,
  holding: () => ReadonlyMap<string, string> | undefined,
): { rules: Rule[]; problems: Problem[] } => {
  const { firsts, contested } = byRuleId(claims);
  const incumbents = contested.size === 0 ? undefined : holding();
  const rules: Rule[] = [];
  const problems: Problem[] = [];
  for (const [id, first] of firsts) {
    const rivals = contested.get(id);
    if (rivals === undefined) {
      rules.push(first.rule);
      continue;
    }
    if (areSharing(rivals)) {
      rules.push(sharedRule(rivals));
      continue;
    }
    const owner = settle(rivals, incumbents?.get(id));
    rules.push(owner.rule);
    for (const loser of rivals) if (loser !== owner) problems.push(conflict(loser, owner));
  }
  return { rules, problems };
};

/** Of thousands of matches few are claimed by several. */
const byRuleId = (
  claims: readonly Claim[],
): { firsts: ReadonlyMap<string, Claim>; contested: ReadonlyMap<string, readonly Claim[]> } => {
  const firsts = new Map<string, Claim>();
  const contested = new Map<string, Claim[]>();
  for (const claim of claims) {
    const { id } = claim.rule;
    const first = firsts.get(id);
    const rivals = contested.get(id);
    if (first === undefined) firsts.set(id, claim);
    else if (rivals === undefined) contested.set(id, [first, claim]);
    else rivals.push(claim);
  }
  return { firsts, contested };
};
