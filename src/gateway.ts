import { setImmediate as nextTurn } from 'node:timers/promises';
import { nanoid } from 'nanoid';
import { startAdmin } from './admin/server.ts';
import type { Board } from './canary/board.ts';
import { startCanary } from './canary/canary.ts';
import { openMemoryBoard } from './canary/memory-board.ts';
import { openRedisBoard } from './canary/redis-board.ts';
import type { Config } from './config.ts';
import { watchCatalog } from './consul/catalog.ts';
import { openConsul } from './consul/open.ts';
import { createGate } from './core/decide/gate.ts';
import type { ReadOptions } from './core/rules/claims.ts';
import type { LastKnown } from './core/rules/last-known.ts';
import { formatHostPort } from './core/values.ts';
import { followDocuments } from './documents/documents.ts';
import { createRuleMaker } from './documents/rules.ts';
import { openLimits } from './limits/limits.ts';
import { Mesh } from './mesh.ts';
import { openUpstreamTls, planUpstreamTls } from './proxy/upstream/follow-credentials.ts';
import { parseRedisUrl, redactRedisUrl } from './redis/url.ts';
import { createReload } from './reload.ts';
import { openDocuments } from './state/documents.ts';
import { addStateMetrics } from './state/metrics.ts';
import { openState } from './state/state.ts';
import { joinFigures } from './telemetry/figures.ts';
import { addSharedLimitMetrics } from './telemetry/limit-metrics.ts';
import type { Log } from './telemetry/log.ts';
import { createMetrics } from './telemetry/metrics.ts';
import { createPace } from './telemetry/pace.ts';
import { createPreciseClock } from './telemetry/precise-clock.ts';
import { addReloadMetrics } from './telemetry/reload-metrics.ts';
import { renderFigures } from './telemetry/render.ts';
import { createSessionKeyLog } from './telemetry/session-key-log.ts';
import { createShadowLog } from './telemetry/shadow-log.ts';
import { logSwap } from './telemetry/snapshot-log.ts';
import { addSnapshotMetrics } from './telemetry/snapshot-metrics.ts';
import { VERSION } from './telemetry/version.ts';
import { admitByWeights } from './weights/admission.ts';
import { openMemoryStore } from './weights/memory-store.ts';
import { openRedisStore } from './weights/redis-store.ts';
import type { WeightStore } from './weights/store.ts';
import { createExplainer } from './workers/explainer.ts';
import { serveInProcess } from './workers/in-process.ts';
import { serveWithWorkers } from './workers/pool.ts';
import { openTls, planTls } from './workers/tls.ts';

export interface Gateway {
  /** `host:port` of the admin API. */
  readonly adminAddress: string;
  /**
   * `host:port` of the traffic port, bound after the first snapshot. Rejects with ListenError where it can't
   * be bound; stays pending while Consul or Redis was never there.
   */
  readonly serving: Promise<string>;
  /**
   * Puts settings that were read again in force, as far as they change live, and replaces the worker processes one by one,
   * where there are any (`--workers`). With any problem nothing changes.
   *
   * @param read throws ConfigError
   * @returns the settings in force
   */
  reload(read: () => Config): Config;
  /** Readiness off, no new connections, finishes what runs (up to `--drain`), closes everything. */
  stop(): Promise<void>;
}

/**
 * The composition root: the one file that knows every part. Here is the control side: it follows Consul and the
 * weights, makes snapshots, and has the admin API. Requests are served by this process or by workers of it.
 *
 * @throws ListenError where the admin port can't be bound, ConfigError for a Redis URL or certificates of no use
 */
export const startGateway = async (config: Config, log: Log): Promise<Gateway> => {
  const startedAt = Date.now();
  const reload = createReload(config, Date.now, log);
  const tlsPlan = planTls(config);
  const upstreamTlsPlan = planUpstreamTls(config);
  const consul = openConsul(config);
  const state = await openState({
    folder: config.stateDir,
    origin: `${consul.address} ${redisName(config)}`,
    isLive: () => watch.status().state === 'up' && store.status().state === 'up',
    log,
  });
  const { last } = state;
  const keptDocuments = await openDocuments(config.stateDir, consul.address, log);
  const store = openStore(config, last, log);
  const metrics = createMetrics({ version: VERSION });
  const pace = createPace();
  const limits = openLimits({ config, onNews: news => traffic.hear(news), log });
  const { books } = limits;
  const serve = { config, via: `sluice-${nanoid(10)}`, books, metrics, log };
  const traffic =
    config.workers === 0 ? serveInProcess(serve) : serveWithWorkers({ ...serve, count: config.workers });
  const tls = tlsPlan && openTls(tlsPlan, traffic, log);
  const stopUpstreamTls = openUpstreamTls(upstreamTlsPlan, traffic.trust, log);
  const firstSnapshot = createGate();
  const preciseNow = createPreciseClock();
  let draining = false;

  const warnOfKey = createSessionKeyLog(config.stickyKey, log);
  const warnOfShadows = createShadowLog(config.readyPath, log);
  const mesh = new Mesh({
    ...readingOf(config),
    hasDocuments: true,
    ...(last === undefined ? {} : { owners: last.owners, since: last.since }),
    onSwap: (view, previous) => {
      limits.follow(view.snapshot.rules);
      traffic.follow(view.snapshot, () => logSwap(log, previous?.snapshot, view.snapshot, preciseNow()));
      state.save(view.snapshot);
      warnOfKey(view.snapshot.rules);
      warnOfShadows(view.snapshot.rules);
      // Whoever stops meanwhile must not find the traffic port open after all.
      if (!draining) firstSnapshot.open();
    },
  });

  let explain = createExplainer(config, books);

  const watch = watchCatalog({
    client: consul,
    log,
    holdMs: config.hold,
    ...(last === undefined ? {} : { last }),
    onCatalog: admitByWeights(store, catalog => mesh.update({ catalog })),
  });
  store.onChange(weights => mesh.update({ weights }));
  void store.ready.then(() => mesh.update({ weights: store.current() }));

  const ruleMaker = createRuleMaker();
  const documents = followDocuments({
    path: config.routes,
    keys:
      config.routesPrefix === 'off'
        ? undefined
        : { client: consul, prefix: config.routesPrefix, holdMs: config.hold },
    last: keptDocuments.last ?? (last === undefined ? undefined : []),
    onShelf: async shelf => {
      await ruleMaker.prepare(shelf, pace);
      const documents = ruleMaker.of(shelf);
      await mesh.prepare(documents, pace);
      // The rest of it is one piece.
      await nextTurn();
      mesh.update({ documents });
    },
    onGood: keptDocuments.save,
    log,
  });

  const canary = startCanary(
    {
      board: openBoard(config),
      weights: store,
      traffic,
      isReady: () => mesh.view !== undefined,
      onCopies: copies => mesh.update({ copies }),
      shares: service => {
        const shares = mesh.view?.snapshot.services.get(service)?.split.shares;
        return shares && new Map(shares.map(({ version, share }) => [version, share]));
      },
      log,
    },
    metrics,
  );

  addSnapshotMetrics(metrics, {
    snapshot: () => mesh.view,
    consulIsUp: () => watch.status().state === 'up',
    consulRequests: consul.requests,
    weightsAreUp: () => store.status().state === 'up',
    now: Date.now,
  });
  addReloadMetrics(metrics, {
    counts: () => ({ done: reload.state.revision - 1, refused: reload.state.refused }),
    isGood: () => reload.state.problems.length === 0,
    loadedAt: () => reload.state.loadedAt,
  });
  addSharedLimitMetrics(metrics, limits.areShared);
  addStateMetrics(metrics, {
    status: state.status,
    consul: watch.status,
    weights: () => store.status(),
    now: Date.now,
  });
  const closeParts = async (): Promise<void> => {
    await canary.close();
    tls?.stop();
    stopUpstreamTls();
    await traffic.close();
    await limits.close();
    await state.close();
    await documents.stop();
    await keptDocuments.close();
    watch.stop();
    consul.close();
    await store.close();
  };

  const admin = await startAdmin(
    config.admin,
    {
      version: VERSION,
      startedAt,
      now: Date.now,
      isReady: () => mesh.view !== undefined && !draining && traffic.isReady(),
      isDraining: () => draining,
      snapshot: () => mesh.view,
      ejected: traffic.ejected,
      explain: (snapshot, facts) => explain(snapshot, facts),
      consul: () => watch.status(),
      release: service => ({
        instances: watch.release(service),
        documents: service === undefined ? documents.release() : 0,
      }),
      metrics: async () => {
        const own = metrics.figures();
        const others = await traffic.figures();
        return renderFigures(others.length === 0 ? own : joinFigures([own, ...others], pace), pace);
      },
      workers: traffic.workers,
      weights: store,
      canaries: canary.requests,
      state: state.status,
      config: () => reload.state,
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
    const address = formatHostPort(await traffic.listen(config.listen, 'http'));
    const tlsAddress = await tls?.listen();
    const routes = mesh.view?.snapshot.rules.length;
    log.info(
      { listen: address, ...(tlsAddress === undefined ? {} : { tls: tlsAddress }), routes },
      'serving',
    );
    return address;
  });
  // Whoever awaits it hears of a failure; that nobody does must not end the process.
  serving.catch(() => {});

  return {
    adminAddress: admin.address,
    serving,
    reload: read => {
      if (!draining && reload.again(read)) {
        traffic.adopt(reload.config);
        explain = createExplainer(reload.config, books);
        mesh.read(readingOf(reload.config));
      }
      return reload.config;
    },
    stop: async () => {
      draining = true;
      log.info('draining');
      const { cut } = await traffic.drain(reload.config.drain, reload.config.drainDelay);
      if (cut > 0) log.warn({ cut }, 'cut what did not finish in time');
      await admin.close();
      await closeParts();
      log.info('stopped');
    },
  };
};

const readingOf = ({ live, tagPrefix, tags, redis }: Config): ReadOptions => ({
  policy: live,
  isAlone: redis === 'off',
  tagPrefix,
  dialects: tags,
});

const openStore = ({ redis, redisPrefix }: Config, last: LastKnown | undefined, log: Log): WeightStore => {
  return redis === 'off'
    ? openMemoryStore({ log, last: last?.weights })
    : openRedisStore({ url: redis, prefix: redisPrefix, name: 'sluice-gateway', log, last });
};

const openBoard = ({ redis, redisPrefix }: Config): Board =>
  redis === 'off' ? openMemoryBoard() : openRedisBoard({ url: redis, prefix: redisPrefix, id: nanoid() });

/** Which weights they are, without secrets. */
const redisName = ({ redis, redisPrefix }: Config): string =>
  redis === 'off' ? 'memory' : `${redactRedisUrl(parseRedisUrl(redis))} ${redisPrefix}`;
