import { once } from 'node:events';
import { createHistogram } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import type { Lane, OpenLane } from './lane.ts';
import type { Latency, Throughput } from './load.ts';

const NANOS = 1e6;
/** How long after its time the last answer may come. */
const GRACE_MS = 10_000;

/**
 * An open loop: request `i` is due at `i / rate` seconds whatever became of those before it, and its latency counts
 * from then. A peer that stalls is so charged for all that it kept waiting (coordinated omission, as Gil Tene
 * named it).
 *
 * @param rate requests a second
 * @param warmUp seconds before `seconds`, at the same rate, that are not measured
 */
export const atRate = async (
  open: OpenLane,
  connections: number,
  rate: number,
  warmUp: number,
  seconds: number,
): Promise<Latency> => {
  const lanes = await openAll(open, connections);
  const idle = [...lanes];
  const latencies = createHistogram({ figures: 3 });
  const unmeasured = Math.round(rate * warmUp);
  const total = unmeasured + Math.max(1, Math.round(rate * seconds));
  const pacer = await startPacer(1_000 / Math.min(rate, 2_000));
  const begin = performance.now();
  let sent = 0;
  let ended = 0;
  let bad = 0;

  const dueAt = (i: number): number => begin + (i * 1_000) / rate;
  await new Promise<void>(resolve => {
    const sendDue = (): void => {
      while (sent < total && dueAt(sent) <= performance.now()) {
        const lane = idle.pop();
        if (lane === undefined) return;
        const i = sent;
        sent += 1;
        lane.send(good => {
          if (!good) bad += 1;
          else if (i >= unmeasured) {
            latencies.record(Math.max(1, Math.round((performance.now() - dueAt(i)) * NANOS)));
          }
          idle.push(lane);
          ended += 1;
          if (ended === total) resolve();
          else sendDue();
        });
      }
    };
    pacer.on('message', () => {
      sendDue();
      if (performance.now() > dueAt(total) + GRACE_MS) resolve();
    });
  });
  await pacer.terminate();
  for (const lane of lanes) lane.close();
  const ms = (percentile: number): number => latencies.percentile(percentile) / NANOS;
  return { p50: ms(50), p99: ms(99), p999: ms(99.9), done: latencies.count, bad, missed: total - ended };
};

/** A closed loop: each lane sends again once its answer has come. */
export const asFastAsCan = async (
  open: OpenLane,
  connections: number,
  seconds: number,
): Promise<Throughput> => {
  const lanes = await openAll(open, connections);
  const begin = performance.now();
  const until = begin + seconds * 1_000;
  let done = 0;
  let bad = 0;
  const run = (lane: Lane): Promise<void> =>
    new Promise(resolve => {
      const again = (good: boolean): void => {
        if (good) done += 1;
        else bad += 1;
        if (good && performance.now() < until) lane.send(again);
        else resolve();
      };
      lane.send(again);
    });
  await Promise.all(lanes.map(run));
  const took = performance.now() - begin;
  for (const lane of lanes) lane.close();
  return { done, bad, seconds: took / 1_000 };
};

const openAll = (open: OpenLane, connections: number): Promise<Lane[]> =>
  Promise.all(Array.from({ length: connections }, (_, i) => open(i)));

/** Sends a message every so many milliseconds, once it is up. */
const startPacer = async (everyMs: number): Promise<Worker> => {
  const worker = new Worker(new URL('pacer.mjs', import.meta.url), { workerData: { everyMs } });
  await once(worker, 'message');
  return worker;
};
