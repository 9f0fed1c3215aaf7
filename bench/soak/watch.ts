import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningSluice } from '../sluice.ts';
import { type Holding, look } from './holding.ts';
import type { Sample } from './trend.ts';

export type Series = Readonly<Record<keyof Holding, Sample[]>>;

/** Every five seconds, or more often where the soak is short: a trend needs samples. */
const EVERY_S = 5;
const LOOKS = 120;
/** So many looks make a line on the terminal. */
const TOLD = 12;

/** Looks at what a gateway holds again and again. */
export const watch = async (
  sluice: RunningSluice,
  seconds: number,
  stopping: AbortSignal,
): Promise<Series> => {
  const series: Series = { heap: [], rss: [], handles: [], sockets: [] };
  const every = Math.min(EVERY_S, seconds / LOOKS);
  const began = performance.now();
  for (let n = 1; n * every <= seconds; n += 1) {
    const wait = began + n * every * 1_000 - performance.now();
    await sleep(Math.max(0, wait), undefined, { signal: stopping });
    const holding = await look(sluice);
    const at = (performance.now() - began) / 1_000;
    for (const name of Object.keys(series) as (keyof Holding)[])
      series[name].push({ at, value: holding[name] });
    if (n % TOLD === 0) console.log(lineOf(at, holding));
  }
  return series;
};

const lineOf = (at: number, { heap, rss, handles, sockets }: Holding): string =>
  `${(at / 60).toFixed(1)} min: heap ${(heap / 1e6).toFixed(1)} MB, RSS ${(rss / 1e6).toFixed(0)} MB, ` +
  `${handles} handles, ${sockets} sockets`;
