import type { Fleet } from '../core/balance/fleet.ts';
import type { Metrics } from './metrics.ts';
import type { Reading } from './readings.ts';

/** Adds what traffic has told of the instances to `/metrics`. Series of services that are gone go with them. */
export const addFleetMetrics = (metrics: Metrics, fleet: Fleet): void => {
  metrics.add({
    kind: 'gauge',
    name: 'sluice_instances_ejected',
    across: 'max',
    help: 'Instances that get no traffic because of their failures, those on trial included.',
    read: () => ejected(fleet),
  });
  metrics.add({
    kind: 'counter',
    name: 'sluice_ejections_total',
    help: 'Ejections, by reason: consecutive_failures, success_rate, failed_trial.',
    read: () => ejections(fleet),
  });
  metrics.add({
    kind: 'counter',
    name: 'sluice_retries_total',
    help: 'Retries, by result: granted, or refused because the budget of the service was spent.',
    read: () => retries(fleet),
  });
};

const ejected = (fleet: Fleet): Iterable<Reading> => {
  const counts = new Map<string, number>();
  for (const { name } of fleet.services()) counts.set(name, 0);
  for (const { health, peers } of fleet.states()) {
    const { name } = peers.service;
    if (health.isOut) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([service, value]) => ({ labels: { service }, value }));
};

function* ejections(fleet: Fleet): Iterable<Reading> {
  for (const { name, ejections } of fleet.services()) {
    for (const [reason, value] of Object.entries(ejections))
      yield { labels: { service: name, reason }, value };
  }
}

function* retries(fleet: Fleet): Iterable<Reading> {
  for (const { name, budget } of fleet.services()) {
    yield { labels: { service: name, result: 'granted' }, value: budget.granted };
    yield { labels: { service: name, result: 'refused' }, value: budget.refused };
  }
}
