/** So far may it be from the wall clock, in milliseconds, before it is set to that again. */
const STRAYED = 2;

/**
 * The wall clock to the microsecond, which Date has only to the millisecond: epoch milliseconds with a fraction. Processes of
 * one machine agree on it, unless its clock was set meanwhile: then they do to two milliseconds.
 *
 * @param steady milliseconds since `origin`
 */
export const createPreciseClock = (
  wall: () => number = Date.now,
  steady: () => number = () => performance.now(),
  origin: number = performance.timeOrigin,
): (() => number) => {
  let from = origin;
  return () => {
    const strayed = wall() - from - steady();
    if (Math.abs(strayed) > STRAYED) from += strayed;
    return from + steady();
  };
};

/** ISO 8601 with six digits. @param at epoch milliseconds */
export const toMicroseconds = (at: number): string => {
  const micros = `${Math.floor((at % 1) * 1_000)}`.padStart(3, '0');
  return new Date(at).toISOString().replace('Z', `${micros}Z`);
};
