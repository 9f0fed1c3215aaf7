import type { Metrics } from './metrics.ts';

const STATES = ['starting', 'serving', 'draining'] as const;

export interface WorkerReadings {
  /** Of each process. */
  readonly states: () => readonly (typeof STATES)[number][];
  readonly deaths: () => number;
}

/** Adds what a gateway knows of its worker processes to `/metrics`. */
export const addWorkerMetrics = (metrics: Metrics, { states, deaths }: WorkerReadings): void => {
  metrics.add({
    kind: 'gauge',
    name: 'sluice_workers',
    help: 'Worker processes (--workers), by state.',
    read: () => {
      const now = states();
      return STATES.map(state => ({ labels: { state }, value: now.filter(each => each === state).length }));
    },
  });
  metrics.add({
    kind: 'counter',
    name: 'sluice_worker_deaths_total',
    help: 'Worker processes (--workers) that ended without being asked to.',
    read: deaths,
  });
};
