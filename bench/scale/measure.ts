import { setTimeout as sleep } from 'node:timers/promises';
import type { Latency, Requests } from '../load/load.ts';
import type { LoadProcess } from '../load/load-process.ts';
import type { CatalogSize } from './catalog.ts';
import { serviceName } from './catalog.ts';
import { CHANGES, type ChangeName, type Delays, delaysOf, startStorm, timeChanges } from './changes.ts';
import type { HeldUp, Stage } from './stage.ts';

/** How soon changes are in force, one at a time. */
export interface ChangeFigures extends Delays {
  readonly change: ChangeName;
  readonly held: HeldUp;
}

export const measureChanges = async (stage: Stage, times: number): Promise<ChangeFigures[]> => {
  const figures: ChangeFigures[] = [];
  for (const change of Object.keys(CHANGES) as ChangeName[]) {
    await stage.held();
    const delays = delaysOf(await timeChanges(stage, change, times));
    figures.push({ change, ...delays, held: await stage.held() });
  }
  return figures;
};

/** What a stretch of traffic saw, and what it cost. */
export interface Stretch {
  readonly latency: Latency;
  readonly changes: number;
  /** A second. */
  readonly requestsToConsul: number;
  /** Shares of a core. */
  readonly gatewayCpu: number;
  readonly consulCpu: number;
  readonly held: HeldUp;
  /** Bytes resident at its end. */
  readonly rss: number;
}

export interface StretchOptions {
  readonly size: CatalogSize;
  /** Whom the callers ask. */
  readonly port: number;
  /** Requests a second. */
  readonly rate: number;
  /** Changes a second. */
  readonly changes: number;
  /** Of what: the stage's catalog that the gateway follows, or the one beside it. */
  readonly of: 'catalog' | 'beside';
  readonly seconds: number;
}

const LOAD: Requests = {
  kind: 'http',
  method: 'GET',
  path: `/${serviceName(0)}`,
  bodyBytes: 0,
  // `one` or `two`.
  answerBytes: 3,
  connections: 32,
  fresh: false,
  tls: 'no',
  rules: 1,
};

const WARM_UP_SECONDS = 2;

/** Traffic at a steady rate while the catalog changes, or, with no changes, while it rests. */
export const measureStretch = async (
  stage: Stage,
  client: LoadProcess,
  { size, port, rate, changes, of, seconds }: StretchOptions,
): Promise<Stretch> => {
  const storm =
    changes === 0 ? undefined : startStorm({ catalog: stage[of], ports: stage.ports }, size, changes);
  await stage.held();
  const [cpu, requests, began] = [stage.cpu(), await stage.requests(), performance.now()];
  const latency = await client.atRate(LOAD, port, rate, WARM_UP_SECONDS, seconds);
  const took = (performance.now() - began) / 1_000;
  const after = stage.cpu();
  const requestsToConsul = ((await stage.requests()) - requests) / took;
  const made = (await storm?.stop()) ?? 0;
  return {
    latency,
    changes: made,
    requestsToConsul,
    gatewayCpu: (after.gateway - cpu.gateway) / took / 1e6,
    consulCpu: (after.consul - cpu.consul) / took / 1e6,
    held: await stage.held(),
    rss: stage.rss(),
  };
};

/** What the first reading of the catalog, or a storm, leaves behind has settled by then. */
export const settle = (): Promise<void> => sleep(4_000);
