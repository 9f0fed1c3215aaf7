import { type Instance, isLive, type LivePolicy } from '../model/instance.ts';
import type { Problem } from '../model/quarantine.ts';
import type { ServiceState } from '../model/snapshot.ts';
import type { ServiceWeights } from '../model/split.ts';
import type { Definition, TagOptions } from '../tags/dialect.ts';
import { splitOf } from './backend.ts';
import { byMatch, type CarriedMatch, filtersOf, targetOf } from './carrier.ts';
import { type Carried, disagreementsOf } from './disagreements.ts';
import { buildTagRule } from './rule.ts';
import type { Claim } from './settle.ts';
import { withShares } from './shared-rule.ts';
import { isSound, readTags, type Tagged } from './tagged.ts';

/** How instances are read, the same for all of them. */
export interface ReadOptions extends TagOptions {
  readonly policy: LivePolicy;
  /** Gateways know nothing of each other: whoever wants something of all of them is told so. */
  readonly isAlone?: boolean;
}

/** All that one service says, and what follows from it alone. */
export interface ServiceClaims {
  /** What it was made from, by identity: the same objects make the same claims. */
  readonly instances: readonly Instance[];
  readonly stored: ServiceWeights | undefined;
  readonly state: ServiceState;
  /** Those that may be sent requests, whatever paths they carry. */
  readonly live: readonly Tagged[];
  readonly claims: readonly Claim[];
  readonly problems: readonly Problem[];
  /** What its tags name, by name, and what that meant when they were read: the middlewares of Traefik's. */
  readonly named: ReadonlyMap<string, Definition | undefined>;
}

export const readClaims = (
  service: string,
  instances: readonly Instance[],
  stored: ServiceWeights | undefined,
  given: ReadOptions,
): ServiceClaims => {
  const named = new Map<string, Definition | undefined>();
  const options: ReadOptions = {
    ...given,
    definitionOf: name => {
      const definition = given.definitionOf?.(name);
      named.set(name, definition);
      return definition;
    },
  };
  const isRouted = ({ instance }: Tagged): boolean => isLive(instance, options.policy);
  const all = instances.map(instance => readTags(instance, options));
  const sound = all.filter(isSound);
  const live = sound.filter(isRouted);
  const state: ServiceState = {
    name: service,
    instances,
    split: splitOf(live, stored),
    ...(stored === undefined ? {} : { weights: stored }),
  };
  const carried = byMatch(sound).map((match): Carried & { readonly claim: Claim } => {
    const carriers = match.carriers.filter(carrier => isRouted(carrier) && !carrier.asks.isClosed);
    const claim = claimOf(service, match, carriers, stored);
    return { rule: claim.rule, carriers, claim };
  });
  const claims = carried.map(({ claim }) => claim);
  const problems = [...all.flatMap(problemsOf), ...disagreementsOf(service, live, carried)];
  return { instances, stored, state, live, claims, problems, named };
};

/** Whether a service says what it said before, and means the same by it. */
export const saysTheSame = (
  before: ServiceClaims,
  instances: readonly Instance[],
  stored: ServiceWeights | undefined,
  { definitionOf }: TagOptions,
): boolean =>
  before.instances === instances &&
  before.stored === stored &&
  (before.named.size === 0 ||
    [...before.named].every(([name, definition]) => definitionOf?.(name) === definition));

const claimOf = (
  service: string,
  { match, carriers }: CarriedMatch,
  serving: CarriedMatch['carriers'],
  stored: ServiceWeights | undefined,
): Claim => {
  const live = withShares(serving);
  const createIndex = Math.min(...carriers.map(({ instance }) => instance.createIndex));
  const rule = buildTagRule({ match, createIndex, service, live, stored, toTarget: targetOf });
  return {
    rule: { ...rule, ...filtersOf(live) },
    isLive: live.length > 0,
    ...(carriers.every(({ asks }) => asks.isShared) ? { shared: { service, live: serving, stored } } : {}),
  };
};

const problemsOf = ({ instance: { service, id }, tags }: Tagged): Problem[] =>
  tags.problems.map(({ tag, reason, isGuess }) => ({
    kind: isGuess ? 'typo' : 'tag',
    owner: service,
    service,
    instance: id,
    subject: tag,
    reason,
  }));
