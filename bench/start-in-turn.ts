/** Says how to end what was just started. */
export type EndBy = (end: () => unknown) => void;

/**
 * Starts one thing after the other. `stop` ends them all, the last first; so does a failure on the way, which is thrown on.
 *
 * @param start says after each how it is ended
 */
export const startInTurn = async <T extends object>(
  start: (endBy: EndBy) => Promise<T>,
): Promise<T & { stop(): Promise<void> }> => {
  const ends: (() => unknown)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    return { ...(await start(end => ends.push(end))), stop };
  } catch (error) {
    await stop();
    throw error;
  }
};
