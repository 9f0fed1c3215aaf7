import type { CanaryAnswer } from '../admin/canaries-api.ts';
import { describeCanary, lineOf } from './canary-text.ts';

export interface Screen {
  readonly isTTY: boolean;
  write(text: string): void;
}

/** Milliseconds between two lines where there is no terminal and nothing happens. */
const LINE_EVERY = 10_000;

/**
 * Shows one rollout until it is over: on a terminal in place, elsewhere a line for all that happens and one now and then.
 *
 * @param ask gives it anew, about once a second
 * @returns as it ended
 */
export const watchCanary = async (
  ask: () => Promise<CanaryAnswer>,
  screen: Screen,
  now: () => number = Date.now,
): Promise<CanaryAnswer> => {
  let told = 0;
  let toldAt = 0;
  let height = 0;
  for (;;) {
    const canary = await ask();
    if (screen.isTTY) {
      const text = [...storyOf(canary, 0).slice(-8), '', describeCanary(canary)].join('\n');
      screen.write(`${height === 0 ? '' : `\x1b[${height}A\x1b[J`}${text}\n`);
      height = text.split('\n').length;
    } else {
      const news = storyOf(canary, told);
      const isDue = news.length > 0 || now() - toldAt >= LINE_EVERY;
      for (const line of news) screen.write(`${line}\n`);
      if (isDue && canary.outcome === undefined) screen.write(`${lineOf(canary)}\n`);
      if (isDue) toldAt = now();
      told = canary.story.length;
    }
    if (canary.outcome !== undefined) return canary;
  }
};

const storyOf = ({ story }: CanaryAnswer, from: number): string[] =>
  story.slice(from).map(({ at, text }) => `${at.slice(11, 19)}  ${text}`);
