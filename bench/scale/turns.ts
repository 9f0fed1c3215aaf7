import { spread } from '../figures.ts';
import type { LoadProcess } from '../load/load-process.ts';
import { measureStretch, type Stretch, type StretchOptions, settle } from './measure.ts';
import type { Stage } from './stage.ts';

/** The same traffic in four situations. */
export interface Turns {
  /** Nothing changes. */
  readonly calm: Stretch;
  /**
   * The catalog of another Consul on this machine changes all the time: the cores are as busy, and the gateway has nothing
   * to follow.
   */
  readonly beside: Stretch;
  /** The catalog that the gateway follows changes all the time. */
  readonly storm: Stretch;
  /** It changes as well, and the callers go past the gateway: what the machine and the load themselves make them wait. */
  readonly past: Stretch;
}

export interface TurnOptions extends Omit<StretchOptions, 'port' | 'of'> {
  /** How often each situation has its turn: `seconds` are those of all its turns together. */
  readonly rounds: number;
}

/**
 * The situations by turns: the machine has moods of its own, some seconds long, and they must not all fall on one of them.
 */
export const measureTurns = async (
  stage: Stage,
  client: LoadProcess,
  { rounds, changes, ...traffic }: TurnOptions,
): Promise<Turns> => {
  const turn = { ...traffic, seconds: Math.max(1, Math.round(traffic.seconds / rounds)) };
  const port = Number(new URL(stage.front).port);
  const calm: Stretch[] = [];
  const beside: Stretch[] = [];
  const storm: Stretch[] = [];
  const past: Stretch[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // The sweeps that a storm leaves behind are its own.
    await settle();
    calm.push(await measureStretch(stage, client, { ...turn, port, changes: 0, of: 'catalog' }));
    beside.push(await measureStretch(stage, client, { ...turn, port, changes, of: 'beside' }));
    storm.push(await measureStretch(stage, client, { ...turn, port, changes, of: 'catalog' }));
    past.push(await measureStretch(stage, client, { ...turn, port: stage.ports[0], changes, of: 'catalog' }));
  }
  return { calm: join(calm), beside: join(beside), storm: join(storm), past: join(past) };
};

/** Of quantiles the median, of what must not happen the worst, else the sum or the mean. */
const join = (turns: readonly Stretch[]): Stretch => {
  const median = (of: (turn: Stretch) => number): number => spread(turns.map(of)).median;
  const sum = (of: (turn: Stretch) => number): number => turns.reduce((total, turn) => total + of(turn), 0);
  const mean = (of: (turn: Stretch) => number): number => sum(of) / turns.length;
  const worst = (of: (turn: Stretch) => number): number => Math.max(...turns.map(of));
  return {
    latency: {
      p50: median(({ latency }) => latency.p50),
      p99: median(({ latency }) => latency.p99),
      p999: median(({ latency }) => latency.p999),
      done: sum(({ latency }) => latency.done),
      bad: sum(({ latency }) => latency.bad),
      missed: sum(({ latency }) => latency.missed),
    },
    changes: sum(({ changes }) => changes),
    requestsToConsul: mean(({ requestsToConsul }) => requestsToConsul),
    gatewayCpu: mean(({ gatewayCpu }) => gatewayCpu),
    consulCpu: mean(({ consulCpu }) => consulCpu),
    held: { workMs: worst(({ held }) => held.workMs), maxMs: worst(({ held }) => held.maxMs) },
    rss: worst(({ rss }) => rss),
  };
};
