import type { Authority } from '../core/limit/authority.ts';
import { Debits } from '../core/limit/debits.ts';

export interface TellerOptions {
  readonly authority: Authority;
  /** Of each limit, in (0, 1]: what this process lets pass while the authority is away. Default: all of it. */
  readonly share?: number;
  /** At every change: undefined when it is there, else why it is away. Not called for one that is there from the start. */
  readonly onAway?: (reason: string | undefined) => void;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  /** Calls once, later. @returns undoes it */
  readonly after?: (ms: number, run: () => void) => () => void;
}

export interface Teller {
  readonly debits: Debits;
  readonly isAway: boolean;
  close(): void;
}

/** Milliseconds in which debits are gathered: so often an authority is told at most. */
const GATHER = 5;

/** Milliseconds until an authority that was away is asked again. */
const AGAIN = 200;

/** Accounts in one telling: a script of Redis' that takes less than a millisecond. */
const MOST = 200;

/** Tells an authority what has passed, soon and all together, and takes in what is owed. */
export const createTeller = ({
  authority,
  share = 1,
  onAway,
  now = () => performance.now(),
  after = afterTimer,
}: TellerOptions): Teller => {
  let isTelling = false;
  let isAway = false;
  let isClosed = false;
  let undo = (): void => {};

  const plan = (ms: number): void => {
    isTelling = true;
    if (!isClosed) undo = after(ms, () => void tell());
  };

  const debits = new Debits(() => {
    if (!isTelling) plan(GATHER);
  });

  const enter = (reason: string | undefined): void => {
    const wasAway = isAway;
    isAway = reason !== undefined;
    debits.stretch = isAway ? 1 / share : 1;
    if (isAway !== wasAway && !isClosed) onAway?.(reason);
  };

  const tell = async (): Promise<void> => {
    const sent = now();
    const told = debits.take(MOST, sent);
    try {
      // With nothing to tell, too, one that was away is asked whether it is there.
      const isAsked = told.length > 0 || isAway;
      const owed = isAsked ? await authority.tell(told.map(({ telling }) => telling)) : [];
      // It was so at some moment between: the middle is the least wrong.
      debits.settle(told, owed, (sent + now()) / 2);
      enter(undefined);
    } catch (error) {
      debits.lose(told);
      enter(error instanceof Error ? error.message : String(error));
    }
    isTelling = false;
    if (isAway) plan(AGAIN);
    else if (!debits.isEmpty) plan(GATHER);
  };

  return {
    debits,
    get isAway() {
      return isAway;
    },
    close: () => {
      isClosed = true;
      undo();
    },
  };
};

const afterTimer = (ms: number, run: () => void): (() => void) => {
  const timer = setTimeout(run, ms).unref();
  return () => clearTimeout(timer);
};
