import { LATENCY_BUCKETS } from '../core/balance/latency-buckets.ts';
import { addSamples, NOTHING, type Sample } from './analysis/sample.ts';

/** By version. */
export type Samples = ReadonlyMap<string, Sample>;

/** As one gateway keeps them in Redis: `{"v1":[requests,errors,bucket,count,bucket,count…]}`, a few hundred bytes. */
export const writeFigures = (samples: Samples): string =>
  JSON.stringify(
    Object.fromEntries(
      [...samples].map(([version, { requests, errors, latency }]) => {
        const counts = latency.flatMap((count, bucket) => (count === 0 ? [] : [bucket, count]));
        return [version, [requests, errors, ...counts]];
      }),
    ),
  );

/** What is not ours, or damaged, counts as nothing. */
export const readFigures = (text: string): Samples => {
  const samples = new Map<string, Sample>();
  for (const [version, numbers] of Object.entries(parse(text))) {
    if (!Array.isArray(numbers) || !numbers.every(isCount)) continue;
    const [requests = 0, errors = 0, ...counts] = numbers;
    const latency: number[] = [];
    for (let i = 0; i + 1 < counts.length; i += 2) {
      const bucket = counts[i] ?? 0;
      if (bucket >= LATENCY_BUCKETS) continue;
      while (latency.length <= bucket) latency.push(0);
      latency[bucket] = counts[i + 1] ?? 0;
    }
    samples.set(version, { requests, errors, latency });
  }
  return samples;
};

/** Of all gateways together. */
export const sumFigures = (all: Iterable<Samples>): Samples => {
  const sums = new Map<string, Sample>();
  for (const samples of all) {
    for (const [version, sample] of samples) {
      sums.set(version, addSamples(sums.get(version) ?? NOTHING, sample));
    }
  }
  return sums;
};

const parse = (text: string): object => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
};

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
