import { nanoid } from 'nanoid';
import type { Config } from '../config.ts';
import { Fleet } from '../core/balance/fleet.ts';
import { type Explanation, explain } from '../core/decide/explain.ts';
import type { Books } from '../core/limit/books.ts';
import { createPeek } from '../core/limit/rate-limiter.ts';
import { compileRoutes, type RouteTable } from '../core/match/match.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import type { RequestFacts } from '../core/request-facts.ts';
import { httpsRedirectOf } from '../core/settings/client-settings.ts';
import { pickingOf } from '../core/settings/picking-settings.ts';
import { fleetSettingsOf } from '../core/settings/traffic-settings.ts';

/**
 * Tells why a request goes where it goes, by the code and the settings of the data path, wherever that runs. The table is
 * its own, made when first asked about a snapshot; of load it knows nothing, so it names no single instance.
 */
export const createExplainer = (
  config: Config,
  books: Books,
): ((snapshot: Snapshot, facts: RequestFacts) => Explanation) => {
  const fleet = new Fleet(fleetSettingsOf(config));
  const limits = createPeek((limit, key) => books.debt(limit, key, performance.now()));
  const picking = { ...pickingOf(config, { newCookie: nanoid, clock: Date.now }), limits };
  const httpsRedirect = httpsRedirectOf(config);
  let compiled: { readonly of: Snapshot; readonly table: RouteTable } | undefined;
  return (snapshot, facts) => {
    if (compiled?.of !== snapshot) {
      compiled = { of: snapshot, table: compileRoutes(snapshot.rules, compiled?.table) };
    }
    return explain(compiled.table, facts, fleet, performance.now(), Math.random, picking, httpsRedirect);
  };
};
