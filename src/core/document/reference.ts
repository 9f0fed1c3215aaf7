import type { Field } from './field.ts';
import { readSubdomain } from './names.ts';

/** What a backend may be referred to by. `version` is Sluice's own: one version of the service. */
export const REFERENCE_FIELDS = ['group', 'kind', 'name', 'namespace', 'port', 'version'] as const;

/** A service in Consul, or why what is referred to can never be one. */
export type Reference =
  | { readonly service: string; readonly version?: string }
  | { readonly unusable: string };

/**
 * BackendObjectReference. The name is that of a service in Consul, which knows the port.
 *
 * @param of the fields of `field`, REFERENCE_FIELDS among them
 */
export const readReference = (
  field: Field,
  of: Partial<Record<(typeof REFERENCE_FIELDS)[number], Field>>,
): Reference | undefined => {
  const group = of.group?.text({ least: 0, most: 253, expected: 'a group' }) ?? '';
  const kind = of.kind?.text({ most: 63, expected: 'a kind' }) ?? 'Service';
  if (of.namespace !== undefined && readSubdomain(of.namespace) !== undefined) {
    of.namespace.report('note', 'has no effect: services in Consul are known by their names alone');
  }
  if (of.port?.integer(1, 65_535) !== undefined) {
    of.port?.report('note', 'has no effect: Consul knows the port of each instance');
  }
  const version = of.version?.text({ most: 253, expected: "the value of an instance's version= tag" });
  const service =
    of.name === undefined
      ? field.missing('name', 'of the service in Consul')
      : of.name.text({ most: 253, expected: 'the name of a service in Consul' });
  if (service === undefined) return undefined;
  if ((group !== '' && group !== 'core') || kind !== 'Service') {
    return { unusable: `a ${kind}${group === '' ? '' : ` of ${group}`} is no service in Consul` };
  }
  return { service, ...(version === undefined ? {} : { version }) };
};
