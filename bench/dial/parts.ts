import { countShare, timeUnderLoad } from './measure.ts';
import type { DialReport } from './report.ts';
import { openStage, type Stage } from './stage.ts';

/** What is wanted of a run; all whole numbers above 0. */
export interface Wanted {
  /** Of each count of a share. */
  readonly requests: number;
  readonly changes: number;
  /** Seconds, with one cut in each. */
  readonly cuts: number;
  /** Per cent of what the gateways can answer, while weights change. */
  readonly load: number;
  readonly gateways: number;
}

/** A part of a run, with gateways of its own. */
interface Part {
  /** As planned, for the progress. */
  readonly seconds: (wanted: Wanted) => number;
  readonly run: (wanted: Wanted, stopping: AbortSignal) => Promise<DialReport>;
}

/** Half a per cent, as a careful canary begins. */
const SHARE = 50;
/** Milliseconds between two changes, and while subscribers are cut. */
const PAUSE = [15, 35] as const;
const CUT_PAUSE = [50, 1_000] as const;
/** For the progress: requests that are answered, and seconds before changes begin. */
const PER_SECOND = 8_000;
const CALIBRATING = 10;

const mean = ([least, most]: readonly [number, number]): number => (least + most) / 2_000;

export const PARTS = {
  shares: {
    seconds: ({ requests }) => (2 * requests) / PER_SECOND,
    run: ({ requests }, stopping) =>
      using(openStage(1), async stage => {
        const share = await countShare('one gateway', stage, SHARE, requests, stopping);
        const none = await countShare('one gateway', stage, 0, requests, stopping);
        return { shares: [share, none] };
      }),
  },
  workers: {
    seconds: ({ requests }) => requests / PER_SECOND,
    run: ({ requests }, stopping) =>
      using(openStage(1, ['--workers', '2']), async stage => ({
        shares: [await countShare('two workers', stage, SHARE, requests, stopping)],
      })),
  },
  several: {
    seconds: ({ requests }) => requests / PER_SECOND,
    run: ({ requests, gateways }, stopping) =>
      using(openStage(gateways), async stage => ({
        shares: [await countShare(`${gateways} gateways`, stage, SHARE, requests, stopping)],
      })),
  },
  changes: {
    seconds: ({ changes }) => CALIBRATING + changes * mean(PAUSE),
    run: ({ changes, load, gateways }, stopping) =>
      using(openStage(gateways), async stage => ({
        shares: [],
        turning: await timeUnderLoad(stage, { count: changes, pause: PAUSE }, load / 100, stopping),
      })),
  },
  cuts: {
    seconds: ({ cuts }) => CALIBRATING + cuts,
    run: ({ cuts, load, gateways }, stopping) =>
      using(openStage(gateways), async stage => {
        const count = Math.max(1, Math.round(cuts / mean(CUT_PAUSE)));
        const changes = { count, pause: CUT_PAUSE, cutEvery: 1_000 };
        return { shares: [], cut: await timeUnderLoad(stage, changes, load / 100, stopping) };
      }),
  },
} satisfies Readonly<Record<string, Part>>;

export type PartName = keyof typeof PARTS;

const using = async <T>(opening: Promise<Stage>, work: (stage: Stage) => Promise<T>): Promise<T> => {
  const stage = await opening;
  try {
    return await work(stage);
  } finally {
    await stage.stop();
  }
};
