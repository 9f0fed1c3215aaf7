import { type Instance, isLive, type LivePolicy } from '../src/core/model/instance.ts';
import type { Rule } from '../src/core/model/rule.ts';
import type { ServiceWeights } from '../src/core/model/split.ts';
import { plainTarget } from '../src/core/rules/backend.ts';
import { buildTagRule } from '../src/core/rules/rule.ts';
import { isSound, readTags } from '../src/core/rules/tagged.ts';

export interface MeshRuleInput {
  readonly service: string;
  readonly instances: readonly Instance[];
  readonly stored: ServiceWeights | undefined;
  readonly policy: LivePolicy;
  readonly tagPrefix: string;
  /** Whether the caller speaks to instances in any protocol, or in HTTP/1.1 in the clear alone. */
  readonly speaks: 'any' | 'http';
}

/** What calls `http://NAME.mesh/…` reach: the name without `.mesh`, or undefined for any other host. */
export const meshService = (host: string): string | undefined =>
  /^([a-z0-9._-]+)\.mesh$/.exec(host.toLowerCase())?.[1];

/**
 * The rule of a service under its own name: every path, every live instance, the split that the gateway would
 * make of them. What tags say of the gateway's paths (`path`, `strip`) has no part in it: a caller in the mesh
 * speaks to the service as the service speaks.
 */
export const meshRule = ({ service, instances, stored, policy, tagPrefix, speaks }: MeshRuleInput): Rule =>
  buildTagRule({
    match: { host: `${service}.mesh`, kind: 'prefix', path: '/' },
    createIndex: 0,
    service,
    live: instances
      .filter(instance => isLive(instance, policy))
      .map(instance => readTags(instance, { tagPrefix }))
      .filter(isSound)
      .filter(({ tags: { protocol = 'http' } }) => speaks === 'any' || protocol === 'http'),
    stored,
    toTarget: plainTarget,
  });
