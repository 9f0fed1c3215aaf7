import type { Snapshot } from '../core/model/snapshot.ts';

/** Which routes and versions are still served; series of others are forgotten. */
export interface Live {
  route(route: string): boolean;
  version(service: string, version: string): boolean;
}

/** What a snapshot serves. */
export const liveIn = ({ rules, services }: Snapshot): Live => {
  const routes = new Set(rules.map(rule => rule.id));
  return {
    route: route => routes.has(route),
    version: (service, version) =>
      services.get(service)?.split.shares.some(share => share.version === version) ?? false,
  };
};

/** A request that was refused before a route or version was found has none: its series stay. */
export const isWanted = (
  { route = '', service = '', version = '' }: Readonly<Record<string, string | number>>,
  live: Live,
): boolean =>
  (route === '' || live.route(`${route}`)) && (version === '' || live.version(`${service}`, `${version}`));
