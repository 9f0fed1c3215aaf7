const FIRST_MS = 50;
const LONGEST_MS = 1_000;

/**
 * How long to wait before the next try: doubling, capped, and somewhere in the upper half of that, so that the
 * gateways of a fleet don't come back in step.
 *
 * @param attempt 1 for the first
 * @param chance draws from [0, 1)
 * @returns milliseconds
 */
export const backOff = (attempt: number, chance: () => number): number => {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** (attempt - 1));
  return Math.round(full * (0.5 + chance() / 2));
};
