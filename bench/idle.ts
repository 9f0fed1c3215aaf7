import { setTimeout as sleep } from 'node:timers/promises';
import type { Requests } from './load/load.ts';
import { saturate } from './load/wrk.ts';
import type { Peer } from './peers/peer.ts';
import { usageOf } from './process-tree.ts';
import type { Stage } from './run.ts';
import type { Table } from './table.ts';
import { duringIt } from './window.ts';

/** What idle connections cost a peer in memory. */
export interface IdleFigures {
  readonly peer: string;
  readonly connections: number;
  /** Bytes resident, before and with them. */
  readonly before: number;
  readonly after: number;
  /** Connections that the peer had closed by the end. */
  readonly closed: number;
}

export const IDLE = {
  name: 'idle',
  about: 'memory of idle connections that made one request each',
  connections: 10_000,
  /** In a run for soundness. */
  quickConnections: 200,
  /** That one peer takes, about. */
  seconds: 8,
};

/**
 * Warms a fresh peer up, opens the connections, each with one request, and looks at its memory while all are idle.
 * @throws where one of them gets no good answer
 */
export const measureIdle = async (
  peer: Peer,
  load: Requests,
  { site, client, seconds, stopping }: Stage,
): Promise<IdleFigures> => {
  const running = await peer.start(site);
  try {
    if (running.pid === undefined) throw new Error('it has no process');
    const { pid, port } = running;
    await saturate(port, { ...load, connections: 64 }, seconds, stopping);
    const before = usageOf(pid).rss;
    await client.hold(load, port);
    const { usage } = await duringIt(pid, () => pause(seconds, stopping));
    const { open } = await client.release();
    return {
      peer: peer.name,
      connections: load.connections,
      before,
      after: usage?.peakRss ?? 0,
      closed: load.connections - open,
    };
  } finally {
    await running.stop();
  }
};

const pause = (seconds: number, stopping: AbortSignal): Promise<void> =>
  sleep(seconds * 1_000, undefined, { signal: stopping });

export const idleTable = (all: readonly IdleFigures[]): Table => ({
  head: ['peer', 'connections', 'RSS MB before', 'RSS MB with them', 'MB more', 'kB each', ''],
  rows: all.map(({ peer, connections, before, after, closed }) => [
    peer,
    connections.toLocaleString('en'),
    (before / 1e6).toFixed(0),
    (after / 1e6).toFixed(0),
    ((after - before) / 1e6).toFixed(0),
    ((after - before) / connections / 1e3).toFixed(1),
    closed > 0 ? `${closed} closed by the peer` : '',
  ]),
});
