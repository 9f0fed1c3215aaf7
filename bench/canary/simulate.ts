import { latencyOf } from '../../src/core/balance/latency-buckets.ts';
import type { BadCell, Cell } from './cells.ts';
import { latenciesOf } from './latencies.ts';
import { catchCanary, type Plan, rollOut } from './rollout.ts';
import { trafficOf } from './traffic.ts';

/** Of the canary's requests, within which a bad one is to be caught. */
export const ALLOWED = 2000;

/** What is known of Flagger's way on the same requests: in how many runs so many checks had failed. */
export interface Fixed {
  readonly one: number;
  readonly five: number;
}

export interface GoodResult {
  readonly runs: number;
  readonly rolledBack: number;
  /** Not done after six hours. */
  readonly held: number;
  /** Of those that were done: seconds. */
  readonly median: number;
  readonly fixed: Fixed;
}

export interface BadResult {
  readonly runs: number;
  readonly missed: number;
  /** Requests of the canary until it was caught: of half, and of 99 %. */
  readonly median: number;
  readonly p99: number;
  readonly fixed: Fixed;
}

export const simulateGood = (cell: Cell, runs: number, seed: number): GoodResult => {
  const start = trafficOf(cell.scene);
  const plan = planOf(cell);
  const endings = Array.from({ length: runs }, (_, run) => rollOut(start(seed + run), plan));
  const ended = (end: string): number => endings.filter(each => each.end === end).length;
  const seconds = endings.filter(each => each.end === 'done').map(each => each.seconds);
  return {
    runs,
    rolledBack: ended('rolled back'),
    held: ended('held'),
    median: quantile(seconds, 0.5),
    fixed: fixedOf(endings),
  };
};

export const simulateBad = (cell: BadCell, runs: number, seed: number): BadResult => {
  const start = trafficOf(cell.scene);
  const plan = planOf(cell);
  const catches = Array.from({ length: runs }, (_, run) =>
    catchCanary(start(seed + run), cell.share, ALLOWED, plan),
  );
  const requests = catches.map(each => each.requests ?? Number.POSITIVE_INFINITY);
  const missed = requests.filter(each => each > ALLOWED).length;
  return {
    runs,
    missed,
    median: quantile(requests, 0.5),
    p99: Math.min(quantile(requests, 0.99), ALLOWED),
    fixed: fixedOf(catches),
  };
};

/** Flagger's users type the longest p99: here 1.3 times the one that is usual, which somebody measured beforehand. */
const planOf = ({ scene, limits }: Cell): Plan => {
  const usual = quantile([...latenciesOf(scene.shape, 1).buckets], 0.99);
  return { limits, slowest: latencyOf(usual) * limits.maxP99Ratio };
};

const fixedOf = (runs: readonly { readonly failedChecks: number }[]): Fixed => ({
  one: runs.filter(each => each.failedChecks >= 1).length,
  five: runs.filter(each => each.failedChecks >= 5).length,
});

const quantile = (values: readonly number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.ceil(part * values.length) - 1] ?? 0;
