import { type TreeUsage, usageOf } from './process-tree.ts';

/** What a process tree used while something ran. */
export interface Usage {
  /** Microseconds of CPU. */
  readonly cpu: number;
  /** Bytes resident at most. */
  readonly peakRss: number;
}

const SAMPLE_EVERY_MS = 250;

/** @param root of the process tree; none for what has no process of its own */
export const duringIt = async <T>(
  root: number | undefined,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly usage: Usage | undefined }> => {
  if (root === undefined) return { result: await work(), usage: undefined };
  const before = usageOf(root);
  let peakRss = before.rss;
  const sample = (): TreeUsage => {
    const usage = usageOf(root);
    peakRss = Math.max(peakRss, usage.rss);
    return usage;
  };
  const timer = setInterval(() => {
    try {
      sample();
    } catch {
      // It has ended: the last look below tells.
    }
  }, SAMPLE_EVERY_MS);
  try {
    const result = await work();
    const cpu = sample().cpu - before.cpu;
    return { result, usage: { cpu, peakRss } };
  } finally {
    clearInterval(timer);
  }
};
