import { watchBusy } from './busy.ts';
import { type Changes, type Delays, timeChanges } from './changes.ts';
import { type Counts, startLoad } from './load.ts';
import type { Stage } from './stage.ts';

/** How many of so many requests a share of ten-thousandths was, in one way of running gateways. */
export interface ShareFigures {
  readonly how: string;
  readonly tenThousandths: number;
  readonly counts: Counts;
}

const CONNECTIONS = 32;
const WARM_UP: Changes = { count: 50, pause: [15, 35] };

/** As fast as the gateways answer. */
export const countShare = async (
  how: string,
  stage: Stage,
  tenThousandths: number,
  requests: number,
  stopping: AbortSignal,
): Promise<ShareFigures> => {
  await stage.dial(tenThousandths);
  await stage.settled(tenThousandths);
  const { counts } = startLoad({ ports: stage.ports, connections: CONNECTIONS, requests }, stopping);
  return { how, tenThousandths, counts: await counts };
};

/** Requests answered, for the code to be warm and then for the measure. */
const CALIBRATION = [10_000, 20_000] as const;

/** @returns how many requests a second the gateways can answer together, with all that runs beside them */
export const calibrate = async (stage: Stage, stopping: AbortSignal): Promise<number> => {
  let perSecond = 0;
  for (const requests of CALIBRATION) {
    const { seconds } = await startLoad({ ports: stage.ports, connections: CONNECTIONS, requests }, stopping)
      .counts;
    perSecond = requests / seconds;
  }
  return perSecond;
};

export interface ChangeFigures extends Delays {
  /** Of the machine, with everything on it. */
  readonly busy: number;
  /** Requests a second that the gateways could answer. */
  readonly capacity: number;
  /** The part of these that they had to answer, in [0, 1]. */
  readonly load: number;
  readonly requests: number;
  readonly bad: number;
}

/**
 * While the gateways serve requests.
 *
 * @param share of what they can answer, in (0, 1]: at most that is asked of them, evenly
 */
export const timeUnderLoad = async (
  stage: Stage,
  changes: Changes,
  share: number,
  stopping: AbortSignal,
  onChange?: () => void,
): Promise<ChangeFigures> => {
  const capacity = await calibrate(stage, stopping);
  const rate = capacity * share;
  const load = startLoad({ ports: stage.ports, connections: CONNECTIONS, requests: 0, rate }, stopping);
  // Whatever runs for the first time is slow.
  await timeChanges(stage, WARM_UP);
  const busy = watchBusy();
  const delays = await timeChanges(stage, changes, onChange);
  const busyShare = busy();
  load.end();
  const { all, seconds } = await load.counts;
  const { requests, bad } = all;
  return { ...delays, busy: busyShare, capacity, load: requests / seconds / capacity, requests, bad };
};
