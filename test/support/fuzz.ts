/** All random tests together: half a minute of the suite, ten minutes of `npm run fuzz`. */
const SECONDS = Number(process.env.FUZZ_SECONDS ?? 30);

/** Where a run begins that is to be repeated: the seed that a failure named. */
const SEED = process.env.FUZZ_SEED;

/** Of all properties in the files `*fuzz.test.ts`. */
const PARTS = 16;

interface Run {
  readonly numRuns: number;
  readonly interruptAfterTimeLimit: number;
  readonly seed?: number;
}

/** How long a property is tried: until its parts of the time are over, whatever the machine makes of it. */
export const fuzz = (parts = 1): Run => ({
  numRuns: Number.MAX_SAFE_INTEGER,
  interruptAfterTimeLimit: (SECONDS * 1_000 * parts) / PARTS,
  ...(SEED !== undefined && { seed: Number(SEED) }),
});
