import type { CatalogSize } from './catalog.ts';
import { serviceName } from './catalog.ts';
import type { Stage } from './stage.ts';

/** How long changes took to be in force, in milliseconds from Consul's answer to who made them. */
export interface Delays {
  readonly median: number;
  readonly worst: number;
}

export const delaysOf = (all: readonly number[]): Delays => {
  const sorted = [...all].sort((a, b) => a - b);
  return { median: sorted[sorted.length >> 1] ?? Number.NaN, worst: sorted.at(-1) ?? Number.NaN };
};

/** The single instance of a service of its own, so that its path tells what is in force. */
const PROBE = { service: 'probe', number: 0 } as const;

/** What changes, and how callers notice. */
export const CHANGES = {
  /** Its check turns critical, then passing. */
  health: {
    before: (stage: Stage) => stage.catalog.put({ ...PROBE, port: stage.ports[0], status: 'passing' }),
    first: (stage: Stage) => stage.catalog.put({ ...PROBE, port: stage.ports[0], status: 'critical' }),
    back: (stage: Stage) => stage.catalog.put({ ...PROBE, port: stage.ports[0], status: 'passing' }),
    answers: ['503', 'one'],
  },
  /** It registers again at another port, of which nothing tells but its own entry. */
  registration: {
    before: (stage: Stage) => stage.catalog.put({ ...PROBE, port: stage.ports[0], status: 'passing' }),
    first: (stage: Stage) => stage.catalog.put({ ...PROBE, port: stage.ports[1], status: 'passing' }),
    back: (stage: Stage) => stage.catalog.put({ ...PROBE, port: stage.ports[0], status: 'passing' }),
    answers: ['two', 'one'],
  },
  /** A new service comes and goes. */
  service: {
    before: (stage: Stage) => stage.catalog.remove(PROBE),
    first: (stage: Stage) => stage.catalog.put({ ...PROBE, port: stage.ports[0], status: 'passing' }),
    back: (stage: Stage) => stage.catalog.remove(PROBE),
    answers: ['one', '404'],
  },
} as const;

export type ChangeName = keyof typeof CHANGES;

/** Makes a change and takes it back, again and again. @returns how long each took to be in force */
export const timeChanges = async (stage: Stage, name: ChangeName, times: number): Promise<number[]> => {
  const { before, first, back, answers } = CHANGES[name];
  await before(stage);
  await untilAnswer(stage, answers[1]);
  const delays: number[] = [];
  for (let i = 0; i < times; i += 1) {
    for (const [change, answer] of [
      [first, answers[0]],
      [back, answers[1]],
    ] as const) {
      await change(stage);
      delays.push(await untilAnswer(stage, answer));
    }
  }
  return delays;
};

const PATIENCE_MS = 10_000;

/** @returns after how many milliseconds the probe's path answered so */
const untilAnswer = async ({ front }: Stage, wanted: string): Promise<number> => {
  const began = performance.now();
  for (;;) {
    const answer = await fetch(`${front}/${PROBE.service}`);
    const text = await answer.text();
    const took = performance.now() - began;
    if ((answer.ok ? text : `${answer.status}`) === wanted) return took;
    if (took > PATIENCE_MS)
      throw new Error(`no "${wanted}" within ${PATIENCE_MS} ms: ${answer.status} ${text}`);
    await new Promise(resolve => setTimeout(resolve, 2));
  }
};

/**
 * Changes at a steady rate, spread over all services, each of them an instance that turns critical, that registers at
 * another port, or that comes or goes.
 *
 * @returns its `stop` tells how many there were, and throws what went wrong
 */
export const startStorm = (
  { catalog, ports }: Pick<Stage, 'catalog' | 'ports'>,
  { services, instances }: CatalogSize,
  perSecond: number,
): { stop(): Promise<number> } => {
  const underWay = new Set<Promise<void>>();
  let made = 0;
  let failure: unknown;

  const change = (n: number): Promise<void> => {
    // The golden ratio's low discrepancy: neighbours in time are far apart in the catalog.
    const service = serviceName(Math.floor(((n * 0.6180339887) % 1) * services));
    const number = n % instances;
    const isEven = Math.floor(n / 3) % 2 === 0;
    switch (n % 3) {
      case 0:
        return catalog.put({ service, number, port: ports[0], status: isEven ? 'critical' : 'passing' });
      case 1:
        return catalog.put({ service, number, port: isEven ? ports[1] : ports[0], status: 'passing' });
      default:
        return isEven
          ? catalog.put({ service, number: instances, port: ports[0], status: 'passing' })
          : catalog.remove({ service, number: instances });
    }
  };

  const began = performance.now();
  const timer = setInterval(() => {
    const due = ((performance.now() - began) / 1_000) * perSecond;
    for (; made < due; made += 1) {
      const work = change(made)
        .catch((error: unknown) => {
          failure ??= error;
        })
        .finally(() => underWay.delete(work));
      underWay.add(work);
    }
  }, 5);
  return {
    stop: async () => {
      clearInterval(timer);
      await Promise.all(underWay);
      if (failure !== undefined) throw failure;
      return made;
    },
  };
};
