import { buildBackend, buildNarrowed, plainTarget } from './backend.ts';
import type { ServiceClaims } from './claims.ts';
import type { DocumentBackend, DocumentRule } from './document-rule.ts';
import type { Filter } from './model/filter.ts';
import type { Backend, Rule } from './model/rule.ts';
import { ruleId } from './rule-id.ts';
import type { Claim } from './settle.ts';

/** What the catalog says, service by service. */
export type ReadServices = ReadonlyMap<string, ServiceClaims>;

/** Makes claims of documents' rules. A rule none of whose services changed is the same object as before. */
export type ClaimDocuments = (rules: readonly DocumentRule[], services: ReadServices) => readonly Claim[];

interface Known {
  readonly claim: Claim;
  /** What it was made from, by identity. */
  readonly from: readonly (ServiceClaims | undefined)[];
}

export const createDocumentClaims = (): ClaimDocuments => {
  let known: ReadonlyMap<DocumentRule, Known> = new Map();
  return (rules, services) => {
    const made = new Map<DocumentRule, Known>();
    for (const rule of rules) {
      const from = servicesOf(rule).map(name => services.get(name));
      const before = known.get(rule);
      const isSame = before?.from.every((each, index) => each === from[index]) ?? false;
      made.set(rule, before !== undefined && isSame ? before : { claim: claimOf(rule, services), from });
    }
    known = made;
    return [...made.values()].map(({ claim }) => claim);
  };
};

const servicesOf = ({ backends, filters }: DocumentRule): string[] => [
  ...backends.flatMap(({ service, filters }) => [service, ...mirrored(filters)]),
  ...mirrored(filters),
];

const mirrored = (filters: readonly Filter[] = []): string[] =>
  filters.filter(filter => filter.type === 'mirror').map(({ service }) => service);

const claimOf = (document: DocumentRule, services: ReadServices): Claim => {
  const { origin, match, filters, backends: named, ...settings } = document;
  const total = named.reduce((sum, { weight }) => sum + weight, 0);
  const backends = named.map(each => ({
    ...backendOf(each, services),
    share: total === 0 ? 0 : each.weight / total,
    ...filtersOf(each.filters, services),
  }));
  const rule: Rule = {
    id: ruleId(match),
    match,
    origin,
    backends,
    ...filtersOf(filters, services),
    ...settings,
  };
  return { rule, isLive: backends.some(({ arms }) => arms.length > 0) };
};

const filtersOf = (
  filters: readonly Filter[] | undefined,
  services: ReadServices,
): Pick<Rule, 'filters' | 'mirrors'> => {
  if (filters === undefined) return {};
  const mirrors = filters
    .filter(filter => filter.type === 'mirror')
    .map(mirror => ({ ...backendOf(mirror, services), share: mirror.share }));
  return { filters, ...(mirrors.length === 0 ? {} : { mirrors }) };
};

const backendOf = (
  { service, version }: Pick<DocumentBackend, 'service' | 'version'>,
  services: ReadServices,
): Backend => {
  const read = services.get(service);
  const input = { service, live: read?.live ?? [], stored: read?.stored, toTarget: plainTarget };
  return {
    ...(version === undefined ? buildBackend(input) : buildNarrowed(version, input)),
    ...(read === undefined ? { isUnknown: true } : {}),
  };
};
