import type { Filter } from '../model/filter.ts';
import type { Backend, Rule } from '../model/rule.ts';
import { ruleId } from '../model/rule-id.ts';
import { buildBackend, buildNarrowed, plainTarget } from './backend.ts';
import type { ServiceClaims } from './claims.ts';
import type { DocumentBackend, DocumentRule } from './document-rule.ts';
import type { Claim } from './settle.ts';

/** What the catalog says, service by service. */
export type ReadServices = ReadonlyMap<string, ServiceClaims>;

interface Known {
  readonly claim: Claim;
  /** The services that its rule names, and what it was made from of each, by identity. */
  readonly names: readonly string[];
  readonly from: readonly (ServiceClaims | undefined)[];
}

/** Makes claims of documents' rules. A rule none of whose services changed is the same object as before. */
export class DocumentClaims {
  #known = new Map<DocumentRule, Known>();
  #services: ReadServices = new Map();

  /** Makes beforehand, of one rule, what is asked for next; it holds if its services do not change until then. */
  prepare(rule: DocumentRule): void {
    this.#known.set(rule, this.#claim(rule));
  }

  of(rules: readonly DocumentRule[], services: ReadServices): readonly Claim[] {
    this.#services = services;
    this.#known = new Map(rules.map(rule => [rule, this.#claim(rule)]));
    return [...this.#known.values()].map(({ claim }) => claim);
  }

  #claim(rule: DocumentRule): Known {
    const before = this.#known.get(rule);
    if (before?.names.every((name, index) => this.#services.get(name) === before.from[index])) return before;
    const names = before?.names ?? servicesOf(rule);
    const from = names.map(name => this.#services.get(name));
    return { claim: claimOf(rule, this.#services), names, from };
  }
}

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
