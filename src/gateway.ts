import { nanoid } from 'nanoid';
import { startAdmin } from './admin/server.ts';
import type { Config } from './config.ts';
import { watchCatalog } from './consul/catalog.ts';
import { openConsul } from './consul/open.ts';
import { decide } from './core/decide.ts';
import { Fleet } from './core/fleet.ts';
import { createGate } from './core/gate.ts';
import type { LastKnown } from './core/last-known.ts';
import { limitsOf, timeoutsOf } from './core/limit-settings.ts';
import type { Snapshot } from './core/model.ts';
import { fleetSettingsOf } from './core/traffic-settings.ts';
import { formatHostPort } from './core/values.ts';
import { Mesh } from './mesh.ts';
import { createProxy } from './proxy/server.ts';
import { parseRedisUrl, redactRedisUrl } from './redis/url.ts';
import { addStateMetrics } from './state/metrics.ts';
import { openState } from './state/state.ts';
import { logEjections } from './telemetry/ejection-log.ts';
import { addFleetMetrics } from './telemetry/fleet-metrics.ts';
import type { Log } from './telemetry/log.ts';
import type { Metrics } from './telemetry/metrics.ts';
import { addProxyMetrics } from './telemetry/proxy-metrics.ts';
import { logSwap } from './telemetry/snapshot-log.ts';
import { addSnapshotMetrics } from './telemetry/snapshot-metrics.ts';
import { openTelemetry } from './telemetry/telemetry.ts';
import { VERSION } from './telemetry/version.ts';
import { admitByWeights } from './weights/admission.ts';
import { openMemoryStore } from './weights/memory-store.ts';
import { openRedisStore } from './weights/redis-store.ts';
import type { WeightStore } from './weights/store.ts';

export interface Gateway {
  /** `host:port` of the admin API. */
  readonly adminAddress: string;
  /**
   * `host:port` of the traffic port, bound after the first snapshot. Rejects with ListenError where it can't
   * be bound; stays pending while Consul or Redis was never there.
   */
  readonly serving: Promise<string>;
  /** Readiness off, no new connections, finishes what runs (up to `--drain`), closes everything. */
  stop(): Promise<void>;
}

/** Series of routes and versions that are gone live on for up to this long: their last figures are scraped. */
const RETAIN_EVERY_MS = 5 * 60_000;

/**
 * The composition root: the one file that knows every part.
 *
 * @throws ListenError where the admin port can't be bound, ConfigError for a Redis URL of no use
 */
export const startGateway = async (config: Config, log: Log): Promise<Gateway> => {
  const startedAt = Date.now();
  const consul = openConsul(config);
  const state = await openState({
    folder: config.stateDir,
    origin: `${consul.address} ${redisName(config)}`,
    isLive: () => watch.status().state === 'up' && store.status().state === 'up',
    log,
  });
  const { last } = state;
  const store = openStore(config, last, log);
  const telemetry = openTelemetry(config, log);
  const fleet = new Fleet(fleetSettingsOf(config), logEjections(log));
  const firstSnapshot = createGate();
  let draining = false;

  const mesh = new Mesh({
    policy: config.live,
    tagPrefix: config.tagPrefix,
    ...(last === undefined ? {} : { owners: last.owners }),
    onSwap: (view, previous) => {
      logSwap(log, previous?.snapshot, view.snapshot);
      state.save(view.snapshot);
      const ids = instanceIds(view.snapshot);
      proxy.retain(ids);
      fleet.retain(ids);
      // Whoever stops meanwhile must not find the traffic port open after all.
      if (!draining) firstSnapshot.open();
    },
  });

  const proxy = createProxy({
    decide: (facts, now) => {
      const { view } = mesh;
      return view === undefined ? { code: 'no_route' } : decide(view.table, facts, fleet, now, Math.random);
    },
    via: `sluice-${nanoid(10)}`,
    observer: telemetry.observer('gateway'),
    fleet,
    log,
    readyPath: '/.sluice/ready',
    limits: limitsOf(config),
    timeouts: timeoutsOf(config),
    isReady: () => !draining,
  });

  const watch = watchCatalog({
    client: consul,
    log,
    ...(last === undefined ? {} : { last }),
    onCatalog: admitByWeights(store, catalog => mesh.update({ catalog })),
  });
  store.onChange(weights => mesh.update({ weights }));
  void store.ready.then(() => mesh.update({ weights: store.current() }));

  addProxyMetrics(telemetry.metrics, () => proxy.figures());
  addSnapshotMetrics(telemetry.metrics, {
    snapshot: () => mesh.view,
    consulIsUp: () => watch.status().state === 'up',
    weightsAreUp: () => store.status().state === 'up',
    now: Date.now,
  });
  addStateMetrics(telemetry.metrics, {
    status: state.status,
    consul: watch.status,
    weights: () => store.status(),
    now: Date.now,
  });
  addFleetMetrics(telemetry.metrics, fleet);
  const retaining = setInterval(() => retainLive(telemetry.metrics, mesh.view?.snapshot), RETAIN_EVERY_MS);
  retaining.unref();

  const closeParts = async (): Promise<void> => {
    clearInterval(retaining);
    await state.close();
    watch.stop();
    consul.close();
    await store.close();
    await telemetry.close();
  };

  const admin = await startAdmin(
    config.admin,
    {
      version: VERSION,
      startedAt,
      now: Date.now,
      isReady: () => mesh.view !== undefined && !draining,
      isDraining: () => draining,
      snapshot: () => mesh.view,
      consul: () => watch.status(),
      metrics: () => telemetry.metrics.render(),
      weights: store,
      state: state.status,
    },
    log,
  ).catch(async (error: unknown): Promise<never> => {
    await closeParts();
    throw error;
  });
  log.info(
    { admin: admin.address, consul: consul.address },
    'the admin API is up; waiting for the first snapshot',
  );

  const serving = firstSnapshot.opened.then(async () => {
    const address = formatHostPort(await proxy.listen(config.listen));
    log.info({ listen: address, routes: mesh.view?.snapshot.rules.length }, 'serving');
    return address;
  });
  // Whoever awaits it hears of a failure; that nobody does must not end the process.
  serving.catch(() => {});

  return {
    adminAddress: admin.address,
    serving,
    stop: async () => {
      draining = true;
      log.info('draining');
      const { cut } = await proxy.drain(config.drain, config.drainDelay);
      if (cut > 0) log.warn({ cut }, 'cut what did not finish in time');
      await proxy.close();
      await admin.close();
      await closeParts();
      log.info('stopped');
    },
  };
};

const openStore = ({ redis, redisPrefix }: Config, last: LastKnown | undefined, log: Log): WeightStore => {
  return redis === 'off'
    ? openMemoryStore({ log, last: last?.weights })
    : openRedisStore({ url: redis, prefix: redisPrefix, name: 'sluice-gateway', log, last });
};

/** Which weights they are, without secrets. */
const redisName = ({ redis, redisPrefix }: Config): string =>
  redis === 'off' ? 'memory' : `${redactRedisUrl(parseRedisUrl(redis))} ${redisPrefix}`;

/** Whom the proxy may keep connections to. */
const instanceIds = ({ services }: Snapshot): Set<string> =>
  new Set([...services.values()].flatMap(({ instances }) => instances.map(instance => instance.id)));

const retainLive = (metrics: Metrics, snapshot: Snapshot | undefined): void => {
  if (snapshot === undefined) return;
  const routes = new Set(snapshot.rules.map(rule => rule.id));
  metrics.retain({
    route: route => routes.has(route),
    version: (service, version) =>
      snapshot.services.get(service)?.split.shares.some(share => share.version === version) ?? false,
  });
};
