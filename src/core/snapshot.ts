import {
  type AllWeights,
  type Arm,
  type Catalog,
  type Instance,
  isLive,
  type LivePolicy,
  type Match,
  type Quarantined,
  type Rule,
  type ServiceState,
  type ServiceWeights,
  type Snapshot,
  type Target,
} from './model.ts';
import { computeSplit, type LiveVersion } from './split.ts';
import { type ParsedTags, parseTags, stripFor } from './tags.ts';

export interface SnapshotInput {
  readonly catalog: Catalog;
  readonly weights: AllWeights;
  readonly policy: LivePolicy;
  /** What stands before each key of a tag, e.g. `sluice.`. */
  readonly tagPrefix: string;
  /** The snapshot in force: its owners of contested matches are the incumbents. */
  readonly previous?: Snapshot;
}

/** catalog + weights -> every rule with its split and live targets. Same input, same snapshot. */
export const buildSnapshot = (input: SnapshotInput): Snapshot => {
  const quarantine: Quarantined[] = [];
  const services = new Map<string, ServiceState>();
  const claims = new Map<string, Claim[]>();

  for (const [name, instances] of input.catalog) {
    const stored = input.weights.get(name);
    const tagged = instances.map(instance => ({ instance, tags: parseTags(instance, input.tagPrefix) }));
    const sound = tagged.filter(({ instance, tags }) => report(instance, tags, quarantine));
    const live = sound.filter(({ instance }) => isLive(instance, input.policy));
    services.set(name, {
      name,
      instances,
      split: computeSplit(liveVersions(live), stored),
      ...(stored === undefined ? {} : { weights: stored }),
    });
    for (const claim of claimsOf(name, sound, input.policy)) {
      const rivals = claims.get(claim.id);
      if (rivals === undefined) claims.set(claim.id, [claim]);
      else rivals.push(claim);
    }
  }

  const incumbents = new Map(input.previous?.rules.map(rule => [rule.id, rule.service]));
  const rules: Rule[] = [];
  for (const [id, rivals] of claims) {
    const owner = settle(rivals, incumbents.get(id));
    rules.push(toRule(owner, input.weights.get(owner.service)));
    for (const loser of rivals) {
      if (loser === owner) continue;
      quarantine.push({
        service: loser.service,
        subject: id,
        reason: `service "${owner.service}" holds this match; give one of the two another path or host`,
      });
    }
  }
  return { revision: (input.previous?.revision ?? 0) + 1, rules, services, quarantine };
};

export interface Tagged {
  readonly instance: Instance;
  readonly tags: ParsedTags;
}

/** What one service says about one match. */
interface Claim {
  readonly id: string;
  readonly match: Match;
  readonly service: string;
  readonly live: readonly Tagged[];
  /** Of the oldest instance that carries the match. */
  readonly createIndex: number;
}

/** Puts an instance's tag problems into quarantine; false when the instance must not be served. */
const report = (instance: Instance, tags: ParsedTags, quarantine: Quarantined[]): boolean => {
  for (const { tag, reason } of tags.problems) {
    quarantine.push({ service: instance.service, instance: instance.id, subject: tag, reason });
  }
  return !tags.problems.some(problem => problem.fatal);
};

const claimsOf = (service: string, instances: readonly Tagged[], policy: LivePolicy): Claim[] => {
  const byMatch = new Map<string, { match: Match; carriers: Tagged[] }>();
  for (const tagged of instances) {
    for (const match of tagged.tags.matches) {
      const id = ruleId(match);
      const entry = byMatch.get(id) ?? { match, carriers: [] };
      entry.carriers.push(tagged);
      byMatch.set(id, entry);
    }
  }
  return [...byMatch].map(([id, { match, carriers }]) => ({
    id,
    match,
    service,
    live: carriers.filter(({ instance }) => isLive(instance, policy)),
    createIndex: Math.min(...carriers.map(({ instance }) => instance.createIndex)),
  }));
};

/** The incumbent while it has a live instance; else those that live before those that don't, the oldest, the name. */
const settle = (rivals: readonly Claim[], incumbent: string | undefined): Claim => {
  const kept = rivals.find(claim => claim.service === incumbent && claim.live.length > 0);
  if (kept !== undefined) return kept;
  const [first] = [...rivals].sort(
    (a, b) =>
      Number(b.live.length > 0) - Number(a.live.length > 0) ||
      a.createIndex - b.createIndex ||
      (a.service < b.service ? -1 : 1),
  );
  return first as Claim;
};

const toRule = ({ id, match, service, live }: Claim, stored: ServiceWeights | undefined): Rule => {
  const split = computeSplit(liveVersions(live), stored);
  const arms = split.shares.map(
    ({ version, share }): Arm => ({
      version,
      share,
      targets: live.filter(({ tags }) => tags.version === version).map(tagged => toTarget(tagged, match)),
    }),
  );
  return { id, match, service, split, arms };
};

const toTarget = ({ instance, tags }: Tagged, match: Match): Target => {
  const strip = stripFor(tags.strip, match);
  return { instance, version: tags.version, ...(strip === undefined ? {} : { strip }) };
};

/** Versions in a stable order, each with its count and the `weight=` of its newest instance that names one. */
export const liveVersions = (live: readonly Tagged[]): LiveVersion[] => {
  const versions = new Map<string, Tagged[]>();
  for (const tagged of live) {
    const same = versions.get(tagged.tags.version);
    if (same === undefined) versions.set(tagged.tags.version, [tagged]);
    else same.push(tagged);
  }
  return [...versions]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([version, instances]) => {
      const newest = instances
        .filter(({ tags }) => tags.weight !== undefined)
        .sort((a, b) => b.instance.modifyIndex - a.instance.modifyIndex)[0];
      return {
        version,
        instances: instances.length,
        ...(newest?.tags.weight === undefined ? {} : { tagWeight: newest.tags.weight }),
      };
    });
};

/** `/orders/*` for a prefix, `/orders` for an exact path, with the host in front where there is one. */
export const ruleId = ({ host, kind, path }: Match): string =>
  `${host ?? ''}${kind === 'exact' ? path : path === '/' ? '/*' : `${path}/*`}`;
