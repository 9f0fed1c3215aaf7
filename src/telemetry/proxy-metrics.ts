import type { Metrics } from './metrics.ts';

/** How the data path stands, read at each scrape. */
export interface ProxyReadings {
  readonly connections: number;
  readonly handshakes: number;
  readonly failedHandshakes: number;
  /** Closed because of the PROXY protocol, by reason. */
  readonly unproxied: Readonly<Record<string, number>>;
  /** What was refused or closed as it came, by reason. */
  readonly shed: Readonly<Record<string, number>>;
  /** Of the requests, in [0, 1). */
  readonly shedShare: number;
  /** Milliseconds. */
  readonly loopDelay: number;
}

/** Adds what the data path carries and turns away to `/metrics`. */
export const addProxyMetrics = (metrics: Metrics, readings: () => ProxyReadings): void => {
  metrics.add({
    kind: 'gauge',
    name: 'sluice_connections',
    help: 'Open connections of clients, upgraded ones included.',
    read: () => readings().connections,
  });
  metrics.add({
    kind: 'gauge',
    name: 'sluice_tls_handshakes',
    help: 'Connections in the midst of a TLS handshake.',
    read: () => readings().handshakes,
  });
  metrics.add({
    kind: 'counter',
    name: 'sluice_tls_handshakes_failed_total',
    help: 'TLS handshakes that came to nothing: no common version, a client that left or was too slow.',
    read: () => readings().failedHandshakes,
  });
  metrics.add({
    kind: 'counter',
    name: 'sluice_proxy_protocol_refused_total',
    help: 'Connections closed because of the PROXY protocol (--proxy-protocol), by reason: untrusted, malformed, late.',
    read: () =>
      Object.entries(readings().unproxied).map(([reason, value]) => ({ labels: { reason }, value })),
  });
  metrics.add({
    kind: 'counter',
    name: 'sluice_shed_total',
    help: 'Turned away at the door: requests (reasons requests, event_loop) and connections (connections, client_connections). Beyond it, exchanges with slow clients that gave way to others (slow_clients).',
    read: () => Object.entries(readings().shed).map(([reason, value]) => ({ labels: { reason }, value })),
  });
  metrics.add({
    kind: 'gauge',
    name: 'sluice_shed_share',
    help: 'Share of the requests, 0 to 1, that is refused because the event loop cannot keep up.',
    across: 'max',
    read: () => readings().shedShare,
  });
  metrics.add({
    kind: 'gauge',
    name: 'sluice_event_loop_delay_seconds',
    help: 'How late the event loop was when it was last looked at.',
    across: 'max',
    read: () => readings().loopDelay / 1_000,
  });
};
