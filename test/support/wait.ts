/**
 * Asks again and again until the answer is something other than `false` or `undefined`, and gives that back.
 * A check that throws counts as "not yet"; its last error is in the failure.
 *
 * @param within deadline in milliseconds
 * @param hint what was waited for, for the failure's message; a function is asked then
 */
export const eventually = async <T>(
  check: () => T | Promise<T>,
  { within, hint }: { within: number; hint: string | (() => string) },
): Promise<Exclude<T, false | undefined>> => {
  const deadline = performance.now() + within;
  for (;;) {
    let failure: unknown;
    try {
      const answer = await check();
      if (answer !== false && answer !== undefined) return answer as Exclude<T, false | undefined>;
    } catch (error) {
      failure = error;
    }
    if (performance.now() >= deadline) {
      throw new Error(
        `not within ${within} ms: ${typeof hint === 'string' ? hint : hint()}`,
        failure === undefined ? {} : { cause: failure },
      );
    }
    await new Promise(resolve => setTimeout(resolve, 5));
  }
};
