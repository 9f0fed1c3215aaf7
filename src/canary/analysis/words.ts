import { errorRate, isSlowerAt, latencyAt } from './figures.ts';
import type { Sample } from './sample.ts';
import type { Analysis } from './state.ts';

/** `errors 2.5 % (50 of 2,000), at most 1 % allowed` */
export const limitInWords = ({ seen, limits }: Analysis): string =>
  `errors ${rateInWords(seen.canary)}, at most ${percent(limits.maxErrorRate)} allowed`;

/** `errors 2.5 % (50 of 2,000) against 0.5 % (30 of 6,000)` */
export const errorsInWords = ({ seen }: Analysis): string =>
  `errors ${rateInWords(seen.canary)} against ${rateInWords(seen.stable)}`;

/**
 * `latency p99 210 ms against 120 ms × 1.3`; of the p90 or p50 where it is those that take too long, since all
 * latencies are compared.
 */
export const latencyInWords = ({ seen: { canary, stable }, limits: { maxP99Ratio } }: Analysis): string => {
  const percent = [99, 90, 50].find(each => isSlowerAt({ canary, stable }, each, maxP99Ratio)) ?? 99;
  const [ours, theirs] = [canary, stable].map(sample => duration(latencyAt(sample, percent)));
  return `latency p${percent} ${ours} against ${theirs} × ${maxP99Ratio}`;
};

/** `1 in 100,000`, never more than is certain. */
export const oneIn = (chance: number): string =>
  `1 in ${whole(Math.min(1e9, Number((1 / chance).toPrecision(2))))}`;

/** With commas: `12,345`. */
export const whole = (count: number): string => String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',');

const rateInWords = (sample: Sample): string =>
  `${percent(errorRate(sample))} (${whole(sample.errors)} of ${whole(sample.requests)})`;

const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`;

const duration = (seconds: number | undefined): string => {
  if (seconds === undefined) return 'unknown';
  return seconds < 1
    ? `${Number((1000 * seconds).toPrecision(3))} ms`
    : `${Number(seconds.toPrecision(3))} s`;
};
