import type { Dialect, TagProblem, TagRule } from '../dialect.ts';
import { type Labels, readLabels, type Section } from './labels.ts';
import { findIn } from './lookup.ts';
import { normalise, readRouter } from './router.ts';

/**
 * Reads the tags of Traefik's Consul Catalog provider: routers with the services that they name, of the same instance, and
 * the middlewares, of any. What a router cannot have costs that router alone; where its rule is understood, it stays shut.
 * (doc.traefik.io/traefik/v3.7; pkg/provider/consulcatalog, pkg/muxer/http)
 */
export const readTraefikTags: Dialect = (source, { definitionOf }) => {
  const labels = readLabels(source.tags);
  const find = findIn(labels.middlewares, definitionOf);
  const rules: TagRule[] = [];
  const problems: TagProblem[] = [...labels.problems];
  for (const [name, section] of isExposed(labels) ? routersOf(labels, source.service) : []) {
    const said = readRouter(section, labels, source, find);
    rules.push(...said.rules);
    if (said.reason !== undefined)
      problems.push({ tag: tagOf(name, section), reason: said.reason, fatal: false });
  }
  return { rules, problems, settings: {} };
};

/** Traefik exposes every service of the catalog unless told otherwise; here a service has to say something of itself. */
const isExposed = ({ enable, routers, services }: Labels): boolean =>
  enable ?? routers.size + services.size > 0;

/** Without any, there is one by the name of the service. */
const routersOf = ({ routers }: Labels, service: string): [string, Section][] =>
  routers.size > 0 ? [...routers].sort(([a], [b]) => (a < b ? -1 : 1)) : [[normalise(service), new Map()]];

const tagOf = (name: string, section: Section): string =>
  section.get('rule')?.tag ?? [...section.values()][0]?.tag ?? `traefik.http.routers.${name}`;
