import type { Arm, Backend, Target } from '../model/rule.ts';
import type { ServiceWeights, Split } from '../model/split.ts';
import { computeSplit, type LiveVersion } from '../split/split.ts';
import { speechOf } from './speech.ts';
import { byVersion, newestFirst, type Tagged } from './tagged.ts';

export interface BackendInput<T extends Tagged = Tagged> {
  readonly service: string;
  /** The live instances that may serve it. */
  readonly live: readonly T[];
  readonly stored: ServiceWeights | undefined;
  /** An instance as the rule uses it. */
  readonly toTarget: (tagged: T) => Target;
}

/** All requests of a rule go to one service: an arm for each version that has a live instance. */
export const buildBackend = <T extends Tagged>({
  service,
  live,
  stored,
  toTarget,
}: BackendInput<T>): Backend => ({
  service,
  share: 1,
  ...armsOf(live, splitOf(live, stored), toTarget),
});

/** As `buildBackend`, for one version alone, whatever the weights say of it. */
export const buildNarrowed = (
  version: string,
  { service, live, toTarget }: Omit<BackendInput, 'stored'>,
): Backend => {
  const ofVersion = live.filter(({ tags }) => tags.version === version);
  const shares = ofVersion.length === 0 ? [] : [{ version, share: 1 }];
  return { service, version, share: 1, ...armsOf(ofVersion, { source: 'document', shares }, toTarget) };
};

const armsOf = <T extends Tagged>(
  live: readonly T[],
  split: Split,
  toTarget: (tagged: T) => Target,
): Pick<Backend, 'split' | 'arms'> => {
  const versions = byVersion(live);
  const arms = split.shares.map(
    ({ version, share }): Arm => ({ version, share, targets: (versions.get(version) ?? []).map(toTarget) }),
  );
  return { split, arms };
};

/** An instance as it is: what its tags say of the gateway's paths has no part in it. */
export const plainTarget = ({ instance, tags }: Tagged): Target => ({
  instance,
  version: tags.version,
  ...speechOf(instance, tags),
});

export const splitOf = (live: readonly Tagged[], stored: ServiceWeights | undefined): Split =>
  computeSplit(liveVersions(live), stored);

/** Versions in a stable order, each with its count and the `weight=` of its newest instance that names one. */
const liveVersions = (live: readonly Tagged[]): LiveVersion[] =>
  [...byVersion(live)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([version, instances]) => {
      const [newest] = instances.filter(({ tags }) => tags.weight !== undefined).sort(newestFirst);
      return {
        version,
        instances: instances.length,
        ...(newest?.tags.weight === undefined ? {} : { tagWeight: newest.tags.weight }),
      };
    });
