import type { Log } from '../telemetry/log.ts';
import { type DataPathOptions, openDataPath } from './data-path.ts';
import type { Traffic } from './traffic.ts';

/** No workers: this process serves, and its figures are in its own metrics. */
export const serveInProcess = (options: Omit<DataPathOptions, 'sharesStdout'>): Traffic => {
  const dataPath = openDataPath({ ...options, sharesStdout: false });
  return {
    ...dataPath,
    follow: (snapshot, onInForce) => {
      dataPath.follow(snapshot);
      onInForce();
    },
    hear: () => {},
    isReady: () => true,
    figures: async () => [],
    watch: options.metrics.watch,
    counted: options.metrics.counted,
    ejected: async () => dataPath.ejected(),
    workers: () => undefined,
    replaceWorkers: () => sayThereAreNone(options.log),
  };
};

const sayThereAreNone = (log: Log): void =>
  log.warn('SIGHUP replaces worker processes, and there are none: start the gateway with --workers for that');
