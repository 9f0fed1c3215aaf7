import { setTimeout as sleep } from 'node:timers/promises';
import { createPreciseClock } from '../../src/telemetry/precise-clock.ts';
import type { LogLine } from '../../test/support/child.ts';
import type { RunningGateway } from '../../test/support/processes.ts';
import { SERVICE, type Stage } from './stage.ts';

export interface Changes {
  readonly count: number;
  /** Milliseconds between two, at least and at most: drawn anew each time. */
  readonly pause: readonly [number, number];
  /** Milliseconds between two times that Redis cuts all subscribers; without it, it cuts none. */
  readonly cutEvery?: number;
}

/** Milliseconds from just before PUBLISH was sent until a gateway had that change, or a newer one, in force. */
export interface Delays {
  readonly p50: number;
  readonly p99: number;
  readonly worst: number;
  /** Changes, times gateways. */
  readonly seen: number;
  /** Those that some gateway never had in force. */
  readonly missed: number;
  /** Subscribers that were cut. */
  readonly cut: number;
}

/** So long after the last change everyone must have it. */
const PATIENCE_MS = 3_000;

/**
 * Turns the dial so often, each time to another share, and reads in the logs of the gateways when each was in force.
 *
 * @param onChange called after each
 */
export const timeChanges = async (
  { gateways, redis, dial }: Stage,
  { count, pause, cutEvery }: Changes,
  onChange: () => void = () => {},
): Promise<Delays> => {
  const now = createPreciseClock();
  const before = gateways.map(gateway => gateway.log().length);
  const sent: number[] = [];
  let cut = 0;
  const cutter =
    cutEvery === undefined
      ? undefined
      : setInterval(async () => {
          cut += Number(await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub'));
        }, cutEvery);
  try {
    for (let i = 0; i < count; i++) {
      sent.push(now());
      // From 0.01 % on, each but once: the share tells which change it was.
      await dial(i + 1);
      onChange();
      await sleep(pause[0] + Math.random() * (pause[1] - pause[0]));
    }
    await sleep(PATIENCE_MS);
  } finally {
    clearInterval(cutter);
  }
  const all = gateways.map((gateway, i) => delaysAt(gateway, before[i] ?? 0, sent));
  const sorted = all.flatMap(({ delays }) => delays).sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
  return {
    p50: at(0.5),
    p99: at(0.99),
    worst: at(1),
    seen: sorted.length,
    missed: sent.length * gateways.length - sorted.length,
    cut,
  };
};

/** @param skip lines of its log that are older */
const delaysAt = (gateway: RunningGateway, skip: number, sent: readonly number[]): { delays: number[] } => {
  const delays: number[] = [];
  let next = 0;
  for (const line of gateway.log().slice(skip)) {
    const change = changeOf(line);
    if (change === undefined) continue;
    const inForceAt = Date.parse(`${line.inForceAt}`) + Number(`${line.inForceAt}`.slice(23, -1)) / 1_000;
    // One that came too late to be seen by itself was in force with the next.
    for (; next < change; next++) delays.push(inForceAt - (sent[next] as number));
  }
  return { delays };
};

/** The number of the change that a line tells of, from 1. */
const changeOf = ({ msg, service, split }: LogLine): number | undefined => {
  if (msg !== 'split changed' || service !== SERVICE) return undefined;
  const percent = /v2 ([\d.]+) %/.exec(`${split}`)?.[1];
  return percent === undefined ? undefined : Math.round(Number(percent) * 100);
};
