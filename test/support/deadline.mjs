/**
 * Loaded before every file of tests: one that does not end by itself must say what holds it and fail, instead of waiting
 * for a person. The time limit of the runner is that of a test, not of a file. Plain JavaScript, since threads that tests
 * start inherit the flag that loads it, and not the loader of TypeScript.
 */
const LIMIT_MS = 240_000;

const [, file] = process.argv;

if (file?.endsWith('.test.ts'))
  setTimeout(() => {
    const held = [...new Set(process.getActiveResourcesInfo())].join(', ');
    console.error(`${file} has not ended within ${LIMIT_MS / 1_000} s; what is open: ${held}`);
    process.exit(1);
  }, LIMIT_MS).unref();
