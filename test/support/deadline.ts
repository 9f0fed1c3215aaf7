/**
 * Loaded before every file of tests: one that does not end by itself must say what holds it and fail, instead of waiting
 * for a person. The time limit of the runner is that of a test, not of a file.
 */
const LIMIT_MS = 240_000;

const isTestFile = process.env.NODE_TEST_CONTEXT !== undefined;

if (isTestFile)
  setTimeout(() => {
    const held = [...new Set(process.getActiveResourcesInfo())].join(', ');
    console.error(`${process.argv[1]} has not ended within ${LIMIT_MS / 1_000} s; what is open: ${held}`);
    process.exit(1);
  }, LIMIT_MS).unref();
