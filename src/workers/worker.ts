import type { Socket } from 'node:net';
import type { Scheme } from '../proxy/server.ts';
import { createLog } from '../telemetry/log.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import { createPace } from '../telemetry/pace.ts';
import { VERSION } from '../telemetry/version.ts';
import { type DataPath, openDataPath } from './data-path.ts';
import type { FromWorker, ToWorker } from './messages.ts';
import { applyChanges, NO_SNAPSHOT } from './snapshot-changes.ts';
import { createWorkerLimits } from './worker-limits.ts';

/**
 * A worker: a process of its own that runs the data path for a gateway, which sends it snapshots and connections.
 * Without the gateway it knows nothing new, so it ends soon after it.
 */

/** For requests under way when the gateway is gone, milliseconds: nobody tells of routes that change meanwhile. */
const ORPHAN_DRAIN = 5_000;

/** Milliseconds between two tellings of what is counted of versions that somebody watches. */
const TELL_COUNTED_EVERY = 1_000;

/** Milliseconds until connections that closed are told. */
const TELL_CLOSED_AFTER = 50;

const tell = (message: FromWorker): Promise<void> =>
  new Promise(resolve => {
    // Nobody is left to hear of a failure.
    if (process.connected) process.send?.(message, undefined, {}, () => resolve());
    else resolve();
  });

const start = ({
  config,
  via,
  worker,
}: ToWorker & { kind: 'start' }): ((message: ToWorker, socket?: Socket) => void) => {
  const log = createLog({ level: config.logLevel, name: 'sluice' });
  const metrics: Metrics = createMetrics({ version: VERSION, worker: String(worker) });
  const limits = createWorkerLimits(tellings => void tell({ kind: 'debits', tellings }));
  const { books } = limits;
  const dataPath: DataPath = openDataPath({ config, via, books, metrics, sharesStdout: true, log });
  let snapshot = NO_SNAPSHOT;
  let leaving = false;
  let taken = 0;
  let open = 0;
  let closedTimer: NodeJS.Timeout | undefined;
  let counting: NodeJS.Timeout | undefined;
  const pace = createPace();
  let telling = Promise.resolve();

  const tellConnections = (): void => {
    clearTimeout(closedTimer);
    closedTimer = undefined;
    void tell({ kind: 'connections', taken, open });
    taken = 0;
  };

  const take = (socket: Socket | undefined, scheme: Scheme): void => {
    // Bytes are read in a later turn of the event loop: of whom no `taken` is told, nothing was read.
    if (taken === 0) setImmediate(tellConnections);
    taken += 1;
    // Gone on its way here.
    if (socket === undefined) return;
    open += 1;
    socket.once('close', () => {
      open -= 1;
      closedTimer ??= setTimeout(tellConnections, TELL_CLOSED_AFTER).unref();
    });
    dataPath.take(socket, scheme);
  };

  /** One after the other: all that is told before `end` belongs to it. */
  const tellFigures = (end: FromWorker): Promise<void> => {
    telling = telling.then(async () => {
      for await (const figure of metrics.figures()) {
        await tell({ kind: 'figure', figure });
        await pace();
      }
      await tell(end);
    });
    return telling;
  };

  const tellCounted = (): Promise<void> => tell({ kind: 'counted', counted: metrics.counted() });

  const watch = (watched: ToWorker & { kind: 'watch' }): void => {
    metrics.watch(watched.watched);
    clearInterval(counting);
    if (watched.watched.length > 0) counting = setInterval(() => void tellCounted(), TELL_COUNTED_EVERY);
  };

  const leave = async (deadline: number, delay: number, code: number): Promise<void> => {
    if (leaving) return;
    leaving = true;
    const { cut } = await dataPath.drain(deadline, delay);
    await dataPath.close();
    if (counting !== undefined) await tellCounted();
    await tellFigures({ kind: 'left', cut });
    process.exit(code);
  };

  process.once('disconnect', () => {
    if (!leaving) log.warn({ worker }, 'the gateway is gone: this worker drains and ends');
    void leave(Math.min(config.drain, ORPHAN_DRAIN), 0, 1);
  });

  return (message, socket) => {
    switch (message.kind) {
      case 'changes':
        snapshot = applyChanges(snapshot, message.changes);
        books.follow(snapshot.rules);
        dataPath.follow(snapshot);
        void tell({ kind: 'follows' });
        break;
      case 'connection':
        take(socket, message.scheme);
        break;
      case 'certify':
        dataPath.certify(message.certificates);
        break;
      case 'trust':
        dataPath.trust(message.credentials);
        break;
      case 'owed':
        limits.answered(message.owed);
        break;
      case 'news':
        limits.heard(message.news);
        break;
      case 'tell':
        void tellFigures({ kind: 'told', ejected: dataPath.ejected() });
        break;
      case 'watch':
        watch(message);
        break;
      case 'drain':
        void leave(message.deadline, message.delay, 0);
        break;
    }
  };
};

// A terminal and a supervisor signal the whole group; the gateway says what is to be done.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});

process.once('message', (message: ToWorker) => {
  if (message.kind !== 'start')
    throw new Error('a worker is started by a gateway; run sluice gateway --workers N');
  process.on('message', start(message));
});
