/** Time as the embedded agent sees it: an argument, so that tests turn it by hand. */
export interface Clock {
  /** Calls `run` once after that many milliseconds unless the returned function is called first. */
  after(ms: number, run: () => void): () => void;
}

/** What setTimeout can count; with more it fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  after: (ms, run) => {
    let timer: NodeJS.Timeout;
    const wind = (left: number): void => {
      timer =
        left > LONGEST_TIMER_MS
          ? setTimeout(() => wind(left - LONGEST_TIMER_MS), LONGEST_TIMER_MS)
          : setTimeout(run, left);
    };
    wind(ms);
    return () => clearTimeout(timer);
  },
};
