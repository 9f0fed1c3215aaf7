/** One Ctrl-C comes twice where npm is in between: from the terminal, and from npm. */
const SAME_ORDER = 1_000;

export interface Signals {
  /** Aborted by SIGINT, SIGTERM or SIGHUP; others may abort it too. */
  readonly stopping: AbortController;
  /** Aborted by another one a second later or more. */
  readonly hurry: AbortSignal;
}

export const takeSignals = (): Signals => {
  const stopping = new AbortController();
  const hurry = new AbortController();
  let stoppedAt: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      stoppedAt ??= performance.now();
      if (performance.now() - stoppedAt >= SAME_ORDER) hurry.abort();
      stopping.abort();
    });
  }
  return { stopping, hurry: hurry.signal };
};
