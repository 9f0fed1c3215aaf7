/** Time as telemetry needs it; an argument everywhere, so that tests can hold it still. */
export interface Clock {
  /** Monotonic milliseconds: what durations are measured with. */
  now(): number;
  /** Milliseconds since the epoch, with fractions, at a moment that `now` just gave. */
  epochAt(now: number): number;
}

/**
 * The system's clock, its epoch time finer than `Date.now()`: spans of one trace lie within one millisecond.
 *
 * The monotonic clock knows no epoch and the epoch clock no fractions; their offset is corrected whenever it
 * leaves the millisecond that `Date.now()` shows, so it follows every adjustment of the system's time.
 */
export const createSystemClock = (
  monotonic: () => number = () => performance.now(),
  epoch: () => number = () => Date.now(),
): Clock => {
  let offset = epoch() - monotonic();
  return {
    now: monotonic,
    epochAt: now => {
      const whole = epoch();
      const fine = offset + now;
      if (fine < whole) offset = whole - now;
      else if (fine >= whole + 1) offset = whole + 0.999 - now;
      return offset + now;
    },
  };
};
