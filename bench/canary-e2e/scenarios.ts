import type { CanaryAnswer } from '../../src/admin/canaries-api.ts';
import type { HistoryAnswer } from '../../src/admin/weights-api.ts';
import { eventually } from '../../test/support/wait.ts';
import type { Seen } from './fleet.ts';
import type { Behaviour, Counted } from './release.ts';
import type { Stage } from './stage.ts';

interface Scenario {
  readonly what: string;
  readonly v2: Behaviour;
  /** Whoever leads dies at each step. */
  readonly kills?: true;
  readonly outcome: 'promoted' | 'rolled back';
}

const GOOD: Behaviour = { median: 8 };

export const SCENARIOS = {
  good: { what: 'v2 is as good as v1', v2: GOOD, outcome: 'promoted' },
  bad: { what: 'v2 fails 5 % of its requests', v2: { ...GOOD, failsEvery: 20 }, outcome: 'rolled back' },
  slow: { what: "v2's p99 is twice that of v1", v2: { median: 2 * GOOD.median }, outcome: 'rolled back' },
  killed: { what: 'whoever leads is killed at each step', v2: GOOD, kills: true, outcome: 'promoted' },
} as const satisfies Readonly<Record<string, Scenario>>;

export type ScenarioName = keyof typeof SCENARIOS;

/** How a rollout is asked for, and under how much traffic. */
export interface Wanted {
  /** Requests a second, to all gateways together. */
  readonly rate: number;
  /** Percent. */
  readonly steps: readonly number[];
  /** As in `--every`. */
  readonly every: string;
  readonly minRequests: number;
}

/** One rollout, from when it was asked for to its end. */
export interface Played {
  readonly name: ScenarioName;
  readonly seconds: number;
  /** Until v2 had no traffic any more, after its 500th request; 0 where it never came to so many. */
  readonly secondsAfter500: number;
  /** v2's own count, since the rollout was asked for. */
  readonly v2: Counted;
  readonly seen: Seen;
  readonly leadersKilled: number;
  /** v2's weights, as the ledger has them of this rollout; and as they should be. */
  readonly shares: readonly string[];
  readonly expected: readonly string[];
  /** Steps and the end, of which the webhook never heard. */
  readonly untold: number;
  readonly answer: CanaryAnswer;
  /** What `sluice canary start --watch` printed. */
  readonly printed: string;
}

/** Plays one on a stage, on which the same was not played before. */
export const play = async (
  stage: Stage,
  name: ScenarioName,
  { rate, steps, every, minRequests }: Wanted,
  stopping: AbortSignal,
): Promise<Played> => {
  const { v2: behaviour, outcome, ...scenario }: Scenario = SCENARIOS[name];
  const v2 = await stage.release(name, GOOD, behaviour);
  const before = await v2.counted();
  const calls = await stage.fleet.call(`/${name}`, rate);
  const plan = ['--steps', steps.join(), '--every', every, '--min-requests', `${minRequests}`];
  const watched = stage.sluice(
    ...['canary', 'start', name, '--to', 'v2', ...plan, '--after', stage.hookUrl, '--watch'],
  );
  const over = new AbortController();
  const killing = scenario.kills === true ? killAtSteps(stage, name, steps, over.signal) : 0;
  const stop = (): void => watched.signal('SIGTERM');
  stopping.addEventListener('abort', stop, { once: true });
  await watched.exited;
  stopping.removeEventListener('abort', stop);
  over.abort();
  const seen = await calls.stop();
  stopping.throwIfAborted();

  const ask = async <T>(...args: readonly string[]): Promise<T> => {
    const asked = stage.sluice(...args, name, '--json');
    if ((await asked.exited) !== 0) throw new Error(`${args.join(' ')}: ${asked.stderr()}`);
    return JSON.parse(asked.stdout()) as T;
  };
  const answer = await ask<CanaryAnswer>('canary', 'status');
  const { entries } = await ask<HistoryAnswer>('weights', 'history');
  const own = entries.toReversed().filter(({ actor }) => actor === `canary ${answer.id}`);
  const shares = own.map(({ to }) => to.v2 ?? '-');
  const turns = outcome === 'promoted' ? shares.length + 1 : shares.length;
  await eventually(() => stage.told(name).length >= turns, {
    within: 15_000,
    hint: 'the webhook has heard of all',
  }).catch(() => {});
  const counted = await v2.counted();
  const began = Date.parse(answer.story[0]?.at ?? '');
  const ended = Date.parse(answer.story.at(-1)?.at ?? '');
  return {
    name,
    seconds: (ended - began) / 1_000,
    secondsAfter500: Math.max(0, ended - (counted.at500 ?? ended)) / 1_000,
    v2: { requests: counted.requests - before.requests, errors: counted.errors - before.errors },
    seen,
    leadersKilled: await killing,
    shares,
    expected: expectedOf(steps, outcome, shares.length),
    untold: turns - stage.told(name).length,
    answer,
    printed: watched.stdout() + watched.stderr(),
  };
};

/**
 * The message is published within the write of a step: its leader dies before it can tell what it has done. The next
 * one tries that write again, which must not count as the next step's.
 *
 * @returns how many died
 */
const killAtSteps = async (
  stage: Stage,
  name: ScenarioName,
  steps: readonly number[],
  over: AbortSignal,
): Promise<number> => {
  let killed = 0;
  const ended = new Promise<void>(resolve => over.addEventListener('abort', () => resolve(), { once: true }));
  for (const step of steps.keys()) {
    await Promise.race([stage.written(name), ended]);
    if (over.aborted) break;
    killed += Number(stage.fleet.killLeader());
    await eventually(async () => over.aborted || (await stage.step(name)) >= step, {
      within: 60_000,
      hint: `step ${step + 1} is in force`,
    });
  }
  return killed;
};

/** A rollback may come at any step, and ends it. */
const expectedOf = (steps: readonly number[], outcome: Scenario['outcome'], entries: number): string[] => {
  const all = steps.map(String);
  return outcome === 'promoted' ? all : [...all.slice(0, Math.max(1, entries - 1)), '0'];
};
