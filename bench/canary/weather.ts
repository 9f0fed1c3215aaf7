/** What befalls both versions alike. */
export interface Weather {
  /** Of requests that fail. @param at seconds since the start */
  errorRate(at: number): number;
  /** Whether everything takes three times as long now. */
  isSlow(at: number): boolean;
}

/** 0.5 % of errors, and nothing happens. */
export const fair = (): Weather => ({ errorRate: () => 0.005, isSlow: () => false });

/** Errors come and go between 0.1 and 0.9 %, and once in 5 minutes, for 20 s, 4 % fail and all is slow. */
export const rough = (chance: () => number): Weather => {
  const phase = 300 * chance();
  const trouble = 280 * chance();
  const isSlow = (at: number): boolean => at % 300 >= trouble && at % 300 < trouble + 20;
  return {
    errorRate: at => (isSlow(at) ? 0.04 : 0.005 + 0.004 * Math.sin((2 * Math.PI * (at + phase)) / 300)),
    isSlow,
  };
};
