import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SMALL_GET } from '../cases.ts';
import { type LoadProcess, startLoadProcess } from '../load/load-process.ts';
import { saturate } from '../load/wrk.ts';
import { type RunningSluice, startSluice } from '../sluice.ts';
import { startUpstream, type Upstream } from '../upstream.ts';
import { startChanges } from './changes.ts';
import { startMix } from './mixer.ts';
import { isSound, type SoakReport, soakText } from './report.ts';
import { watch } from './watch.ts';

export interface SoakOptions {
  readonly seconds: number;
  /** Small GETs a second; without, half of what the gateway can do. */
  readonly rate: number | undefined;
  readonly stopping: AbortSignal;
}

/** @returns the exit code: 1 where a figure grows or an answer was not good */
export const soak = (options: SoakOptions): Promise<number> =>
  onStage(options.stopping, async (upstream, sluice, client) => {
    const report = await run(options, upstream, sluice, client);
    console.log(`\n${soakText(report)}`);
    return isSound(report) ? 0 : 1;
  });

const run = async (
  { seconds, rate, stopping }: SoakOptions,
  upstream: Upstream,
  sluice: RunningSluice,
  client: LoadProcess,
): Promise<SoakReport> => {
  const perSecond = rate ?? (await halfOfAll(sluice.port, stopping));
  console.log(`${seconds / 60} min at ${perSecond} small GETs a second, and the mix`);
  const mix = startMix(sluice.port);
  const changes = startChanges(sluice, upstream);
  const work = Promise.all([
    client.atRate(SMALL_GET, sluice.port, perSecond, 0, seconds),
    watch(sluice, seconds, stopping),
  ]);
  await Promise.allSettled([work]);
  const [made, mixed] = await Promise.all([changes.stop(), mix.stop()]);
  const [gets, series] = await work;
  return { gets, series, mixed, changes: made, lost: await sluice.lostSpans() };
};

const CALIBRATE_SECONDS = 5;

const halfOfAll = async (port: number, stopping: AbortSignal): Promise<number> => {
  // The first time its code has yet to be compiled.
  await saturate(port, SMALL_GET, CALIBRATE_SECONDS, stopping);
  const { done, seconds } = await saturate(port, SMALL_GET, CALIBRATE_SECONDS, stopping);
  return Math.round(done / seconds / 2);
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
        catalog: 'web',
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
