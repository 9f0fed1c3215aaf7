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
  };
};
