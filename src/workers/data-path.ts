import { setImmediate as nextTurn } from 'node:timers/promises';
import { nanoid } from 'nanoid';
import type { Config } from '../config.ts';
import { AddressSet } from '../core/address-set.ts';
import { Fleet } from '../core/balance/fleet.ts';
import { replaceFleetSettings } from '../core/balance/fleet-settings.ts';
import { decide } from '../core/decide/decide.ts';
import { atEntrance } from '../core/decide/entrance.ts';
import type { Books } from '../core/limit/books.ts';
import { RateLimiter } from '../core/limit/rate-limiter.ts';
import { compileInSteps } from '../core/match/compile-steps.ts';
import type { RouteTable } from '../core/match/match.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import { httpsRedirectOf } from '../core/settings/client-settings.ts';
import { limitsOf, timeoutsOf } from '../core/settings/limit-settings.ts';
import { pickingOf, pinningOf } from '../core/settings/picking-settings.ts';
import { fleetSettingsOf } from '../core/settings/traffic-settings.ts';
import { createProxy, type HttpProxy } from '../proxy/server.ts';
import { addAuthMetrics } from '../telemetry/auth-metrics.ts';
import { logEjections } from '../telemetry/ejection-log.ts';
import { addFleetMetrics } from '../telemetry/fleet-metrics.ts';
import { addLimitMetrics } from '../telemetry/limit-metrics.ts';
import { liveIn } from '../telemetry/live.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { addMirrorMetrics } from '../telemetry/mirror-metrics.ts';
import { addProxyMetrics } from '../telemetry/proxy-metrics.ts';
import { openTelemetry } from '../telemetry/telemetry.ts';
import { listedIds } from './listed.ts';
import { NO_SNAPSHOT } from './snapshot-changes.ts';
import type { Ejected } from './traffic.ts';

/** Serves requests by the snapshot that it was given last: the part of a gateway of which workers have one each. */
export interface DataPath extends Pick<HttpProxy, 'listen' | 'take' | 'certify' | 'trust' | 'drain'> {
  /** Serves by it from now on; where much is new, as soon as it is compiled in the midst of serving. */
  follow(snapshot: Snapshot): void;
  /** Those of LIVE_SETTINGS are in force from now on; the others stay as they are. */
  adopt(config: Config): void;
  ejected(): Ejected;
  /** Cuts what is left and delivers what waits, in bounded time. */
  close(): Promise<void>;
}

export interface DataPathOptions {
  readonly config: Config;
  /** Names the gateway in `Via`, the same in all of its processes: a loop may come back to another of them. */
  readonly via: string;
  /** Of its rate limits; whoever has them knows the rules before they are served. */
  readonly books: Books;
  /** Where its figures go. */
  readonly metrics: Metrics;
  /** Other processes write the access log, too. */
  readonly sharesStdout: boolean;
  readonly log: Log;
}

/** Series of routes and versions that are gone live on for up to this long: their last figures are scraped. */
export const RETAIN_EVERY_MS = 5 * 60_000;

/** Looking for instances that are gone among thousands takes a while, so a storm of snapshots has it done once a second. */
const TIDY_AFTER_MS = 1_000;

export const openDataPath = ({
  config,
  via,
  books,
  metrics,
  sharesStdout,
  log,
}: DataPathOptions): DataPath => {
  const telemetry = openTelemetry(config, log, { metrics, sharesStdout });
  const fleetSettings = fleetSettingsOf(config);
  const fleet = new Fleet(fleetSettings, logEjections(log));
  const limits = new RateLimiter(books);
  let picking = { ...pickingOf(config, { newCookie: nanoid, clock: Date.now }), limits };
  let httpsRedirect = httpsRedirectOf(config);
  let trusted = new AddressSet(config.trustedProxies);
  let snapshot: Snapshot | undefined;
  let table: RouteTable | undefined;
  let latest: Snapshot | undefined;
  let isCatchingUp = false;
  let tidying: NodeJS.Timeout | undefined;

  /** At once, unless much is new: then whoever is served meanwhile has his turn between the steps. */
  const catchUp = async (): Promise<void> => {
    isCatchingUp = true;
    while (latest !== undefined && latest !== snapshot) {
      const next = latest;
      const before =
        snapshot === undefined || table === undefined ? undefined : { rules: snapshot.rules, table };
      const work = compileInSteps(next.rules, before);
      let step = work.next();
      for (; !step.done; step = work.next()) await nextTurn();
      snapshot = next;
      table = step.value;
    }
    isCatchingUp = false;
  };

  const tidy = async (): Promise<void> => {
    tidying = undefined;
    const work = listedIds(() => snapshot ?? NO_SNAPSHOT);
    let step = work.next();
    for (; !step.done; step = work.next()) await nextTurn();
    proxy.retain(step.value);
    fleet.retain(step.value);
  };

  const proxy = createProxy({
    decide: (facts, now) =>
      atEntrance(facts, httpsRedirect) ??
      (table === undefined ? { code: 'no_route' } : decide(table, facts, fleet, now, Math.random, picking)),
    via,
    sequences: picking.sequences,
    observer: telemetry.observer('gateway'),
    fleet,
    log,
    readyPath: config.readyPath,
    upstreamHost: config.upstreamHost,
    trusts: address => trusted.has(address),
    proxyProtocol: config.proxyProtocol === 'require',
    tlsMinVersion: config.tlsMinVersion,
    http2: config.http2,
    limits: limitsOf(config),
    timeouts: timeoutsOf(config),
  });
  addProxyMetrics(metrics, () => proxy.figures());
  addFleetMetrics(metrics, fleet);
  addLimitMetrics(metrics, () => books.states());
  addMirrorMetrics(metrics, () => proxy.mirrored());
  addAuthMetrics(metrics, () => proxy.judged());
  const retaining = setInterval(() => {
    if (snapshot === undefined) return;
    const live = liveIn(snapshot);
    metrics.retain(live);
    proxy.retainCounts(live.version);
  }, RETAIN_EVERY_MS);
  retaining.unref();

  return {
    listen: proxy.listen,
    take: proxy.take,
    certify: proxy.certify,
    trust: proxy.trust,
    drain: proxy.drain,
    follow: next => {
      latest = next;
      if (!isCatchingUp) void catchUp();
      tidying ??= setTimeout(tidy, TIDY_AFTER_MS).unref();
    },
    adopt: next => {
      proxy.limit(limitsOf(next), timeoutsOf(next));
      replaceFleetSettings(fleetSettings, fleetSettingsOf(next));
      picking = { ...picking, ...pinningOf(next) };
      httpsRedirect = httpsRedirectOf(next);
      trusted = new AddressSet(next.trustedProxies);
      telemetry.logAccess(next.accessLog);
    },
    ejected: () => {
      const epoch = Date.now() - performance.now();
      return new Map([...fleet.ejected()].map(([id, until]) => [id, epoch + until]));
    },
    close: async () => {
      clearInterval(retaining);
      clearTimeout(tidying);
      await proxy.close();
      await telemetry.close();
    },
  };
};
