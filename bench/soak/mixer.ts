import { Agent } from 'undici';
import { USES } from './mix.ts';

export interface MixReport {
  readonly done: number;
  /** By use. */
  readonly failed: Readonly<Record<string, number>>;
  /** The first failures' own words. */
  readonly examples: readonly string[];
}

const TICK_MS = 20;
const MAX_EXAMPLES = 5;

/** Uses the gateway in every way of the mix, each at its own pace, until it is stopped. */
export const startMix = (port: number): { stop(): Promise<MixReport> } => {
  const agent = new Agent({ connections: 50, pipelining: 1 });
  const underWay = new Set<Promise<void>>();
  const sent: Record<string, number> = {};
  const failed: Record<string, number> = {};
  const examples: string[] = [];
  let done = 0;

  const use = async (name: string, work: Promise<boolean>): Promise<void> => {
    const why = await work.then(
      good => (good ? undefined : 'not what was expected'),
      (error: unknown) => String(error),
    );
    done += 1;
    if (why === undefined) return;
    failed[name] = (failed[name] ?? 0) + 1;
    if (examples.length < MAX_EXAMPLES) examples.push(`${name}: ${why}`);
  };

  const began = performance.now();
  const timer = setInterval(() => {
    const seconds = (performance.now() - began) / 1_000;
    for (const [name, { perSecond, once }] of Object.entries(USES)) {
      for (let n = sent[name] ?? 0; n < seconds * perSecond; n += 1) {
        sent[name] = n + 1;
        const work = use(name, once(port, agent)).finally(() => underWay.delete(work));
        underWay.add(work);
      }
    }
  }, TICK_MS);

  return {
    stop: async () => {
      clearInterval(timer);
      await Promise.all(underWay);
      await agent.destroy();
      return { done, failed, examples };
    },
  };
};
