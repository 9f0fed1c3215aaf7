/**
 * How long to wait before the next try: doubling, capped, and somewhere in the upper half of that, so that those
 * who lost the same server don't come back to it in step.
 *
 * @param failures in a row; 1 after the first
 * @param chance draws from [0, 1)
 * @returns milliseconds
 */
export type BackOff = (failures: number, chance: () => number) => number;

/** @param longestMs whoever comes back is noticed within it */
export const createBackOff =
  (firstMs: number, longestMs: number): BackOff =>
  (failures, chance) =>
    Math.min(longestMs, firstMs * 2 ** (failures - 1)) * (0.5 + chance() / 2);
