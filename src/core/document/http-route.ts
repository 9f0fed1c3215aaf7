import { Field, type FieldPath, type Finding } from './field.ts';
import { MATCH_ALL } from './matches.ts';
import { readHostname, readSubdomain } from './names.ts';
import { type RouteRule, readRule } from './route-rule.ts';

/** One HTTPRoute, as it is in force. */
export interface HttpRoute {
  /** `namespace/name`: what tells it from others. */
  readonly name: string;
  /** `metadata.creationTimestamp` in epoch milliseconds: the older of two routes wins a tie. */
  readonly createdAt?: number;
  /** Empty: every host. */
  readonly hostnames: readonly string[];
  readonly rules: readonly RouteRule[];
}

export interface Reading {
  /** `namespace/name`, also of a document with errors; undefined where it does not say. */
  readonly name?: string;
  /** Undefined where one of the findings is an error. */
  readonly route?: HttpRoute;
  readonly findings: readonly Finding[];
}

const API_VERSIONS = ['gateway.networking.k8s.io/v1', 'gateway.networking.k8s.io/v1beta1'] as const;

/** What Kubernetes writes there, and what has no meaning outside of it. */
const METADATA = [
  'name',
  'namespace',
  'creationTimestamp',
  'labels',
  'annotations',
  'generateName',
  'generation',
  'resourceVersion',
  'uid',
  'managedFields',
  'ownerReferences',
  'finalizers',
  'selfLink',
] as const;

const MOST_MATCHES = 128;

/**
 * Reads one HTTPRoute of the Gateway API (v1, with the experimental fields), as its types and validation rules have
 * it. All that is wrong is told at once.
 *
 * @param document plain data, as YAML or JSON gives it
 * @param path where it stands in what was parsed: a list holds several
 */
export const readHttpRoute = (document: unknown, path: FieldPath = []): Reading => {
  const findings: Finding[] = [];
  const top = new Field(document, path, findings);
  const of = top.object('apiVersion', 'kind', 'metadata', 'spec', 'status');
  if (of.apiVersion === undefined) top.missing('apiVersion', API_VERSIONS[0]);
  else of.apiVersion.oneOf(...API_VERSIONS);
  if (of.kind === undefined) top.missing('kind', 'HTTPRoute');
  else of.kind.oneOf('HTTPRoute');
  const { name, createdAt } = readMetadata(top, of.metadata);
  const spec = of.spec === undefined ? top.missing('spec', 'what is routed where') : readSpec(of.spec);
  const isGood = findings.every(({ severity }) => severity !== 'error');
  return {
    ...(name === undefined ? {} : { name }),
    ...(isGood && name !== undefined && spec !== undefined
      ? { route: { name, ...(createdAt === undefined ? {} : { createdAt }), ...spec } }
      : {}),
    // What would be served of a document that is not in force is of no interest.
    findings: isGood ? findings : findings.filter(({ severity }) => severity !== 'unserved'),
  };
};

const readMetadata = (
  top: Field,
  metadata: Field | undefined,
): { readonly name?: string; readonly createdAt?: number } => {
  if (metadata === undefined) {
    top.missing('metadata', 'at least a name, e.g. metadata: {name: shop}');
    return {};
  }
  const of = metadata.object(...METADATA);
  const namespace = of.namespace === undefined ? 'default' : readSubdomain(of.namespace);
  const name = of.name === undefined ? metadata.missing('name', 'of this route') : readSubdomain(of.name);
  const createdAt = of.creationTimestamp === undefined ? undefined : readTimestamp(of.creationTimestamp);
  return {
    ...(name === undefined || namespace === undefined ? {} : { name: `${namespace}/${name}` }),
    ...(createdAt === undefined ? {} : { createdAt }),
  };
};

/** RFC 3339, in epoch milliseconds. */
const readTimestamp = (field: Field): number | undefined => {
  const expected = 'a time, e.g. 2026-07-01T12:00:00Z';
  const text = field.text({
    most: 40,
    pattern: /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/,
    expected,
  });
  if (text === undefined) return undefined;
  const time = Date.parse(text.toUpperCase());
  return Number.isNaN(time) ? field.error(`expected ${expected}`) : time;
};

const readSpec = (field: Field): Pick<HttpRoute, 'hostnames' | 'rules'> => {
  const of = field.object('parentRefs', 'useDefaultGateways', 'hostnames', 'rules');
  for (const ignored of [of.parentRefs, of.useDefaultGateways]) {
    ignored?.report('note', 'has no effect: every route is served at the one entrance of the gateway');
  }
  of.parentRefs?.list(32);
  const hostnames = (of.hostnames?.list(16) ?? []).flatMap(item => readHostname(item) ?? []);
  if (of.rules === undefined) {
    field.report('unserved', 'no rules: requests for these hosts are answered 500');
    return { hostnames, rules: [{ matches: [MATCH_ALL], filters: [], backends: [] }] };
  }
  const items = of.rules.list(16);
  if (Array.isArray(of.rules.value) && items.length === 0) of.rules.error('expected at least one rule');
  const rules = items.map(readRule);
  checkNames(items, rules);
  const matches = rules.reduce((sum, rule) => sum + rule.matches.length, 0);
  if (matches > MOST_MATCHES) {
    of.rules.error(
      `expected at most ${MOST_MATCHES} matches in all rules together, not ${matches}: make it two documents`,
    );
  }
  return { hostnames: [...new Set(hostnames)], rules };
};

const checkNames = (items: readonly Field[], rules: readonly RouteRule[]): void => {
  const seen = new Set<string>();
  for (const [index, { name }] of rules.entries()) {
    if (name === undefined) continue;
    if (seen.has(name)) items[index]?.error(`another rule of this route is named "${name}", too`);
    seen.add(name);
  }
};
