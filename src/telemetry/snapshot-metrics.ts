import { QUARANTINE_KINDS } from '../core/model/quarantine.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import type { Metrics } from './metrics.ts';
import type { Reading } from './readings.ts';

/** How the gateway stands with the outside, read at each scrape. */
export interface SnapshotReadings {
  /** The snapshot in force and since when (epoch milliseconds). */
  readonly snapshot: () => { readonly snapshot: Snapshot; readonly since: number } | undefined;
  readonly consulIsUp: () => boolean;
  /** Since the start. */
  readonly consulRequests: () => number;
  readonly weightsAreUp: () => boolean;
  readonly now: () => number;
}

/** Adds what the snapshot says to `/metrics`. Series of what is gone are gone with it. */
export const addSnapshotMetrics = (metrics: Metrics, readings: SnapshotReadings): void => {
  const { snapshot, now } = readings;
  const gauge = (name: string, help: string, read: () => number): void =>
    metrics.add({ kind: 'gauge', name, help, read });
  const labelled = (name: string, help: string, read: (snapshot: Snapshot) => Iterable<Reading>): void =>
    metrics.add({
      kind: 'gauge',
      name,
      help,
      read: () => {
        const current = snapshot();
        return current === undefined ? [] : read(current.snapshot);
      },
    });

  gauge('sluice_consul_up', '1 while Consul answers.', () => Number(readings.consulIsUp()));
  metrics.add({
    kind: 'counter',
    name: 'sluice_consul_requests_total',
    help: 'Requests to Consul.',
    read: () => readings.consulRequests(),
  });
  gauge('sluice_weights_up', '1 while the weight store answers.', () => Number(readings.weightsAreUp()));
  gauge('sluice_snapshot_revision', 'Grows with every swap.', () => snapshot()?.snapshot.revision ?? 0);
  gauge('sluice_snapshot_age_seconds', 'Since the last swap.', () => {
    const since = snapshot()?.since;
    return since === undefined ? 0 : (now() - since) / 1_000;
  });
  gauge('sluice_routes', 'Rules that are served.', () => snapshot()?.snapshot.rules.length ?? 0);
  labelled(
    'sluice_quarantined',
    'What is not in force as its owner wants it, by kind: tag, document, conflict, limit, disagreement; typo and unshared are warnings.',
    quarantined,
  );
  labelled('sluice_instances', 'Instances in the catalog.', instances);
  labelled('sluice_split_share', 'Share of each version in force, 0 to 1.', shares);
  labelled('sluice_weights_problem', '1 while stored weights are not in force.', problems);
};

/** Each kind has its series from the start, so that a rise from nothing can be alerted on. */
function* quarantined({ quarantine }: Snapshot): Iterable<Reading> {
  for (const kind of QUARANTINE_KINDS) {
    yield { labels: { kind }, value: quarantine.filter(entry => entry.kind === kind).length };
  }
}

function* instances({ services }: Snapshot): Iterable<Reading> {
  for (const { name, instances } of services.values()) {
    const counts = new Map<string, number>();
    for (const { health } of instances) counts.set(health, (counts.get(health) ?? 0) + 1);
    for (const [health, value] of counts) yield { labels: { service: name, health }, value };
  }
}

function* shares({ services }: Snapshot): Iterable<Reading> {
  for (const { name, split } of services.values()) {
    for (const { version, share } of split.shares) yield { labels: { service: name, version }, value: share };
  }
}

function* problems({ services }: Snapshot): Iterable<Reading> {
  for (const { name, weights } of services.values()) {
    if (weights?.problem !== undefined) yield { labels: { service: name }, value: 1 };
  }
}
