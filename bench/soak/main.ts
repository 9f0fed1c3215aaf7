/** Half load for a while, and whether anything grows: npm run soak -- --minutes 10 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { SMALL_GET } from '../cases.ts';
import { type LoadProcess, startLoadProcess } from '../load/load-process.ts';
import { saturate } from '../load/wrk.ts';
import { type RunningSluice, startSluice } from '../sluice.ts';
import { asText } from '../table.ts';
import { startUpstream, type Upstream } from '../upstream.ts';
import { startChanges } from './changes.ts';
import { FIGURES, type Holding, look } from './figures.ts';
import { startMix } from './mixer.ts';
import { type Sample, type Trend, trendOf } from './trend.ts';

const USAGE = `npm run soak -- [--minutes N] [--rate N]

Sends a gateway half of what it can take, mixed with uploads, big and broken-off transfers, new connections and
WebSockets, while instances come and go and weights are turned, and tells whether heap, handles or sockets grow.

  --minutes N   how long (default 10, at least 1)
  --rate N      small GETs a second (default: half of what five seconds of wrk reach)

Example:
  npm run soak -- --minutes 30

Ends with 1 where a figure has an upward trend or an answer was not good.`;

const CALIBRATE_SECONDS = 5;
/** Every 5 seconds, or more often where the soak is short: a trend needs samples. */
const LOOKS = 120;
const LOOK_EVERY_S = 5;

type Series = Readonly<Record<keyof Holding, Sample[]>>;

const main = async (): Promise<number> => {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '10' },
      rate: { type: 'string' },
      help: { type: 'boolean', default: false, short: 'h' },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const seconds = atLeast('--minutes', values.minutes, 1) * 60;
  const rate = values.rate === undefined ? undefined : atLeast('--rate', values.rate, 1);

  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => (stopping.signal.aborted ? process.exit(130) : stopping.abort()));
  }
  try {
    return await onStage(stopping.signal, (upstream, sluice, client) =>
      soak({ upstream, sluice, client, seconds, rate, stopping: stopping.signal }),
    );
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
    console.error('stopped');
    return 130;
  }
};

const atLeast = (flag: string, text: string, least: number): number => {
  const value = Number(text);
  if (text.trim() !== '' && value >= least) return value;
  console.error(`${flag} "${text}": expected a number, at least ${least}`);
  process.exit(2);
};

/** Starts what a soak needs, and ends it whatever becomes of it. */
const onStage = async (
  stopping: AbortSignal,
  play: (upstream: Upstream, sluice: RunningSluice, client: LoadProcess) => Promise<number>,
): Promise<number> => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-soak-'));
  const client = startLoadProcess(stopping);
  try {
    const upstream = await startUpstream(folder);
    try {
      const gc = new URL('gc-on-signal.mjs', import.meta.url).href;
      const sluice = await startSluice(upstream, {
        rules: 'one',
        traced: 0.01,
        nodeOptions: `--import ${gc}`,
      });
      try {
        return await play(upstream, sluice, client);
      } finally {
        await sluice.stop();
      }
    } finally {
      await upstream.stop();
    }
  } finally {
    await client.stop();
    rmSync(folder, { recursive: true, force: true });
  }
};

interface Soak {
  readonly upstream: Upstream;
  readonly sluice: RunningSluice;
  readonly client: LoadProcess;
  readonly seconds: number;
  readonly rate: number | undefined;
  readonly stopping: AbortSignal;
}

const soak = async ({ upstream, sluice, client, seconds, rate: wanted, stopping }: Soak): Promise<number> => {
  const rate = wanted ?? (await halfOfAll(sluice.port, stopping));
  console.log(`${seconds / 60} minutes at ${rate} small GETs a second, and the mix`);
  const mix = startMix(sluice.port);
  const changes = startChanges(sluice, upstream);
  const load = client.atRate(SMALL_GET, sluice.port, rate, 0, seconds);
  load.catch(() => {});
  let series: Series;
  try {
    series = await watch(sluice, seconds, stopping);
  } finally {
    const [{ changes: made }, { done, failed, examples }] = await Promise.all([changes.stop(), mix.stop()]);
    console.log(`the mix: ${done} uses, failed: ${JSON.stringify(failed)}; ${made} changes`);
    for (const example of examples) console.log(`  ${example}`);
    if (examples.length > 0) process.exitCode = 1;
  }
  const { p50, p99, p999, done, bad } = await load;
  const ms = [p50, p99, p999].map(value => value.toFixed(2)).join(' / ');
  console.log(`small GETs: ${done} good, ${bad} bad; p50 / p99 / p99.9: ${ms} ms`);
  const lost = await sluice.problems();
  for (const problem of lost) console.log(problem);

  const trends = Object.entries(series).map(([name, samples]) => ({
    name: name as keyof Holding,
    trend: trendOf(samples),
  }));
  console.log(`\n${trendTable(trends)}\n`);
  const upward = trends.filter(({ name, trend }) => FIGURES[name].decides && trend.isUpward);
  const verdict =
    upward.length === 0 ? 'nothing grows' : `upward: ${upward.map(({ name }) => name).join(', ')}`;
  console.log(verdict);
  return upward.length + bad + lost.length > 0 ? 1 : Number(process.exitCode ?? 0);
};

const halfOfAll = async (port: number, stopping: AbortSignal): Promise<number> => {
  await saturate(port, SMALL_GET, CALIBRATE_SECONDS, stopping);
  const { done, seconds } = await saturate(port, SMALL_GET, CALIBRATE_SECONDS, stopping);
  return Math.round(done / seconds / 2);
};

const watch = async (sluice: RunningSluice, seconds: number, stopping: AbortSignal): Promise<Series> => {
  const series: Series = { heap: [], rss: [], handles: [], sockets: [] };
  const every = Math.min(LOOK_EVERY_S, seconds / LOOKS);
  const began = performance.now();
  for (let n = 1; n * every <= seconds; n += 1) {
    await sleep(Math.max(0, began + n * every * 1_000 - performance.now()), undefined, { signal: stopping });
    const holding = await look(sluice);
    const at = (performance.now() - began) / 1_000;
    for (const [name, samples] of Object.entries(series)) {
      samples.push({ at, value: holding[name as keyof Holding] });
    }
    if (n % 12 === 0) {
      const { heap, rss, handles, sockets } = holding;
      console.log(
        `${(at / 60).toFixed(1)} min: heap ${(heap / 1e6).toFixed(1)} MB, RSS ${(rss / 1e6).toFixed(0)} MB, ` +
          `${handles} handles, ${sockets} sockets`,
      );
    }
  }
  return series;
};

const trendTable = (trends: readonly { readonly name: keyof Holding; readonly trend: Trend }[]): string =>
  asText({
    head: ['figure', 'mean', 'growth', 'an hour', 'give or take', ''],
    rows: trends.map(({ name, trend: { mean, growth, slope, margin, isUpward } }) => {
      const { per, unit, decides } = FIGURES[name];
      const text = (value: number): string => `${(value / per).toFixed(per === 1 ? 1 : 2)} ${unit}`.trim();
      const word = isUpward ? 'upward' : '';
      return [
        name,
        text(mean),
        text(growth),
        text(slope * 3_600),
        text(margin * 3_600),
        decides || word === '' ? word : `${word} (does not decide)`,
      ];
    }),
  });

process.exitCode = await main();
