import type { LimitState } from '../core/limit/limit-state.ts';
import type { Metrics } from './metrics.ts';

/** Adds what became of limits to `/metrics`. Series of rules that are gone go with them. */
export const addLimitMetrics = (metrics: Metrics, states: () => Iterable<LimitState>): void => {
  metrics.add({
    kind: 'counter',
    name: 'sluice_rate_limited_total',
    help: 'Requests that were turned away with 429, by rule and limit.',
    read: () =>
      [...states()].map(({ limit: { route, text }, denied }) => ({
        labels: { route, limit: text },
        value: denied,
      })),
  });
};

/** Adds whether shared limits are shared. @param areShared undefined where there are none */
export const addSharedLimitMetrics = (metrics: Metrics, areShared: () => boolean | undefined): void => {
  metrics.add({
    kind: 'gauge',
    name: 'sluice_rate_limits_up',
    help: '1 while shared rate limits are counted with the other gateways, 0 while this one counts them alone.',
    read: () => {
      const shared = areShared();
      return shared === undefined ? [] : [{ labels: {}, value: Number(shared) }];
    },
  });
};
