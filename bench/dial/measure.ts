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

export interface ChangeFigures extends Delays {
  /** Of the machine, with everything on it. */
  readonly busy: number;
  readonly requests: number;
  readonly bad: number;
}

/** While the gateways serve so many requests a second together. */
export const timeUnderLoad = async (
  stage: Stage,
  changes: Changes,
  rate: number,
  stopping: AbortSignal,
  onChange?: () => void,
): Promise<ChangeFigures> => {
  const load = startLoad({ ports: stage.ports, connections: CONNECTIONS, requests: 0, rate }, stopping);
  const busy = watchBusy();
  const delays = await timeChanges(stage, changes, onChange);
  const share = busy();
  load.end();
  const { all } = await load.counts;
  return { ...delays, busy: share, requests: all.requests, bad: all.bad };
};
