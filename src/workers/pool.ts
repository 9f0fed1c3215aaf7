import { setTimeout as wait } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../config.ts';
import { createGate } from '../core/decide/gate.ts';
import type { News, Telling } from '../core/limit/authority.ts';
import type { Books } from '../core/limit/books.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import { limitsOf } from '../core/settings/limit-settings.ts';
import type { Certificates } from '../proxy/tls/door.ts';
import type { UpstreamCredentials } from '../proxy/upstream/tls.ts';
import { countsOf, type Figure, joinFigures, retainFigure } from '../telemetry/figures.ts';
import { type Live, liveIn } from '../telemetry/live.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { createPace, type Pace } from '../telemetry/pace.ts';
import { addCounted, type CountedVersions, type Watched } from '../telemetry/version-samples.ts';
import { addWorkerMetrics } from '../telemetry/worker-metrics.ts';
import { createCrew } from './crew.ts';
import { RETAIN_EVERY_MS } from './data-path.ts';
import { createFront } from './front.ts';
import type { Traffic } from './traffic.ts';
import { startWorker } from './worker-process.ts';

export interface PoolOptions {
  readonly count: number;
  readonly config: Config;
  /** As DataPathOptions have it. */
  readonly via: string;
  /** What workers tell of rate limits goes there, and counts for all of them. */
  readonly books: Books;
  /** Where figures about the workers go; theirs are asked for. */
  readonly metrics: Metrics;
  readonly log: Log;
}

/** A busy worker answers within it, in milliseconds; of one that doesn't, the last figures count. */
const FIGURES_WITHIN = 1_000;

/** Serves with worker processes, over connections that this process accepts and hands to them. */
export const serveWithWorkers = (options: PoolOptions): Traffic => {
  const { count, via, books, metrics, log } = options;
  let { config } = options;
  let snapshot: Snapshot | undefined;
  let certificates: Certificates | undefined;
  let credentials: UpstreamCredentials | undefined;
  /** What workers counted that are no more, so that no count ever falls. */
  const departed: Figure[] = [];
  let watched: readonly Watched[] = [];
  let countedByDeparted: CountedVersions = new Map();
  const pace = createPace();
  let cut = 0;
  let draining = false;
  const someoneServes = createGate();

  const crew = createCrew({
    count,
    start: place => {
      const worker = startWorker(place, config, via, tellings => enter(tellings));
      if (certificates !== undefined) worker.certify(certificates);
      if (credentials !== undefined) worker.trust(credentials);
      if (snapshot !== undefined) worker.follow(snapshot);
      if (watched.length > 0) worker.watch(watched);
      return worker;
    },
    onServing: () => {
      someoneServes.open();
      front.handOutWaiting();
    },
    onEnded: (worker, ending) => {
      departed.push(...countsOf(worker.figures));
      countedByDeparted = addCounted([countedByDeparted, worker.counted]);
      cut += ending.cut ?? 0;
      for (const arrival of ending.left) front.handOut(arrival);
    },
    drain: () => config.drain,
    log,
  });
  const enter = (tellings: readonly Telling[]): readonly number[] => {
    const owed = books.enter(tellings, performance.now());
    hear(books.newsOf(tellings, owed));
    return owed;
  };
  const hear = (news: readonly News[]): void => {
    if (news.length > 0) for (const worker of workers()) worker.hear(news);
  };
  const workers = () => [...crew.all().keys()];
  const front = createFront(() => (draining ? workers() : crew.serving()), limitsOf(config).connections, log);

  addWorkerMetrics(metrics, {
    states: () => workers().map(({ state }) => state),
    deaths: () => crew.deaths,
  });
  const retaining = setInterval(() => {
    if (snapshot !== undefined) void tidyUp(departed, liveIn(snapshot), pace);
  }, RETAIN_EVERY_MS);
  retaining.unref();

  const killAll = (): void => {
    for (const worker of workers()) worker.kill();
  };
  // However this process ends, as long as it can still do something.
  process.once('exit', killAll);

  const refresh = (): Promise<unknown> =>
    Promise.all(workers().map(worker => worker.refresh(FIGURES_WITHIN)));
  const ended = (): Promise<unknown> => Promise.all(workers().map(worker => worker.ended));

  return {
    isReady: () => crew.serving().length > 0,
    follow: (next, onInForce) => {
      snapshot = next;
      void Promise.all(workers().map(worker => worker.follow(next))).then(onInForce);
    },
    hear,
    certify: next => {
      certificates = next;
      for (const worker of workers()) worker.certify(next);
    },
    trust: next => {
      credentials = next;
      for (const worker of workers()) worker.trust(next);
    },
    listen: async (at, scheme) => {
      await someoneServes.opened;
      return front.listen(at, scheme);
    },
    figures: async () => {
      await refresh();
      return [[...departed], ...workers().map(({ figures }) => figures)];
    },
    watch: wanted => {
      if (isDeepStrictEqual(wanted, watched)) return;
      watched = wanted;
      const keys = new Set(wanted.map(({ key }) => key));
      countedByDeparted = new Map([...countedByDeparted].filter(([key]) => keys.has(key)));
      for (const worker of workers()) worker.watch(wanted);
    },
    counted: () => addCounted([countedByDeparted, ...workers().map(({ counted }) => counted)]),
    ejected: async () => {
      await refresh();
      const all = new Map<string, number>();
      for (const { ejected } of workers()) {
        for (const [id, until] of ejected) all.set(id, Math.max(until, all.get(id) ?? 0));
      }
      return all;
    },
    workers: async () => {
      await refresh();
      return [...crew.all()]
        .map(([worker, place]) => worker.describe(place))
        .sort((a, b) => a.worker - b.worker);
    },
    adopt: next => {
      config = next;
      // Before there is a snapshot, a replacement would wait for one in vain.
      void someoneServes.opened.then(crew.replace);
    },
    drain: async (deadline, delay) => {
      crew.disband();
      draining = true;
      for (const worker of workers()) {
        if (worker.state === 'starting') worker.kill();
        else worker.drain(deadline, delay);
      }
      if (delay > 0) await wait(delay);
      front.close();
      await ended();
      return { cut };
    },
    close: async () => {
      crew.disband();
      clearInterval(retaining);
      front.close();
      killAll();
      await ended();
      process.off('exit', killAll);
    },
  };
};

/** Makes few figures of many, without what is no more. Others may add to them meanwhile. */
const tidyUp = async (figures: Figure[], live: Live, pace: Pace): Promise<void> => {
  const tidied: Figure[] = [];
  const before = [...figures];
  for await (const figure of joinFigures([before], pace)) tidied.push(retainFigure(figure, live));
  figures.splice(0, before.length, ...tidied);
};
