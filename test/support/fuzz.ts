/** All random tests together: half a minute of the suite, ten minutes of `npm run fuzz`. */
const SECONDS = Number(process.env.FUZZ_SECONDS ?? 30);

/** Of all properties in the files `*fuzz.test.ts`. */
const PARTS = 14;

/** How long a property is tried: until its parts of the time are over, whatever the machine makes of it. */
export const fuzz = (parts = 1): { numRuns: number; interruptAfterTimeLimit: number } => ({
  numRuns: Number.MAX_SAFE_INTEGER,
  interruptAfterTimeLimit: (SECONDS * 1_000 * parts) / PARTS,
});
