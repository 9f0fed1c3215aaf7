/**
 * Runs a command that Ctrl-C and SIGTERM end in order; a second one ends it at once.
 * @returns the exit code: the command's, or 130 where it was ended
 */
export const untilInterrupted = async (
  command: (stopping: AbortSignal) => Promise<number>,
): Promise<number> => {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => (stopping.signal.aborted ? process.exit(130) : stopping.abort()));
  }
  try {
    return await command(stopping.signal);
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
    console.error('\nstopped');
    return 130;
  }
};
