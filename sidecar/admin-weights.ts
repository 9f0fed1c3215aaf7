import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { createGate } from '../src/core/decide/gate.ts';
import type { AllWeights, ServiceWeights } from '../src/core/model/split.ts';
import { createBackOff } from '../src/core/retry/back-off.ts';
import type { Log } from '../src/telemetry/log.ts';
import type { WeightStore } from '../src/weights/store.ts';

/** The part of a weight store that a caller in the mesh needs. */
export type WeightSource = Pick<WeightStore, 'follow' | 'onChange' | 'current' | 'close'>;

export interface AdminWeightsOptions {
  /** The gateway's admin address, e.g. `http://127.0.0.1:9901`. */
  readonly url: string;
  readonly log: Log;
  /** Draws from [0, 1), for the jitter of the back-off. */
  readonly chance: () => number;
}

/** Also bounds how long a gateway that restarted, and happens to be at the index of the old one, is believed. */
const WAIT_SECONDS = 10;
/** An answer that never comes is a dead connection: past the wait, the gateway has answered. */
const DEADLINE_MS = (WAIT_SECONDS + 5) * 1_000;
/** Holds back a gateway that answers at once each time. */
const PAUSE_MS = 20;
const backOff = createBackOff(250, 5_000);
const FIRST_ANSWER_MS = 2_000;

/**
 * The weights that a gateway knows, followed at `GET /api/weights` of its admin port. Begins with the first
 * `follow`. While the gateway is away the last weights stay in force.
 */
export const adminWeights = ({ url, log, chance }: AdminWeightsOptions): WeightSource => {
  const ended = new AbortController();
  const listeners = new Set<(all: AllWeights) => void>();
  let all: AllWeights = new Map();
  let running: { readonly firstTry: Promise<void>; readonly end: Promise<void> } | undefined;

  const run = async (triedOnce: () => void): Promise<void> => {
    let index = 0;
    let failures = 0;
    while (!ended.signal.aborted) {
      let pause = PAUSE_MS;
      try {
        const answer = await poll(url, index, ended.signal);
        if (failures > 0) log.info({ admin: url }, "following the gateway's weights again");
        failures = 0;
        index = answer.index;
        const next = toWeights(answer);
        if (!isDeepStrictEqual(next, all)) {
          all = next;
          for (const listener of listeners) listener(all);
        }
      } catch (err) {
        if (ended.signal.aborted) return;
        failures += 1;
        if (failures === 1)
          log.warn({ admin: url, err }, "cannot read the gateway's weights: the last ones stay in force");
        pause = backOff(failures, chance);
        // A gateway that restarted counts from the beginning, so an index of the old one says nothing.
        index = 0;
      }
      triedOnce();
      await sleep(pause, undefined, { signal: ended.signal }).catch(() => {});
    }
  };

  const start = (): { firstTry: Promise<void>; end: Promise<void> } => {
    const triedOnce = createGate();
    return { firstTry: triedOnce.opened, end: run(triedOnce.open) };
  };

  return {
    follow: async (_services, deadlineMs = FIRST_ANSWER_MS) => {
      running ??= start();
      const timer = new AbortController();
      const late = sleep(deadlineMs, undefined, { signal: timer.signal, ref: false }).catch(() => {});
      await Promise.race([running.firstTry, late]);
      timer.abort();
    },
    onChange: listener => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    current: () => all,
    close: async () => {
      ended.abort();
      listeners.clear();
      await running?.end;
    },
  };
};

/** For callers that are told of no weights: tags and instance counts decide. */
export const noWeights: WeightSource = {
  follow: async () => {},
  onChange: () => () => {},
  current: () => new Map(),
  close: async () => {},
};

/** What is read of a `WeightsAnswer` (src/admin/api.ts); the rest is passed over: the API changes by adding. */
const ANSWER = z.object({
  index: z.number(),
  services: z.record(
    z.string(),
    z.object({
      weights: z.record(z.string(), z.number().min(0)).optional(),
      revision: z.number(),
      problem: z.string().optional(),
    }),
  ),
});

type Answer = z.infer<typeof ANSWER>;

const poll = async (url: string, index: number, ended: AbortSignal): Promise<Answer> => {
  const target = new URL(`/api/weights?index=${index}&wait=${WAIT_SECONDS}s`, url);
  const response = await fetch(target, {
    signal: AbortSignal.any([ended, AbortSignal.timeout(DEADLINE_MS)]),
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`GET ${target.pathname} answers ${response.status}`);
  }
  return ANSWER.parse(await response.json());
};

const toWeights = ({ services }: Answer): AllWeights =>
  new Map(
    Object.entries(services).map(([name, { weights, revision, problem }]): [string, ServiceWeights] => [
      name,
      {
        revision,
        ...(weights === undefined ? {} : { weights: new Map(Object.entries(weights)) }),
        ...(problem === undefined ? {} : { problem }),
      },
    ]),
  );
