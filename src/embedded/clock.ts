/** Time as the embedded agent sees it: an argument, so that tests turn it by hand. */
export interface Clock {
  /** Calls `run` once after that many milliseconds unless the returned function is called first. */
  after(ms: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
