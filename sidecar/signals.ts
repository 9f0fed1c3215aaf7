/** Passed on to the program as they come; what they mean is its own affair. */
const PASSED_ON: readonly NodeJS.Signals[] = [
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGWINCH',
  'SIGCONT',
];
const STOP: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT'];

/**
 * One Ctrl-C reaches the sidecar up to three times at once: from the terminal, from npm or a shell around it.
 * Only one that comes later is a second order.
 */
const SAME_ORDER = 1_000;

export interface Signals {
  /** Aborted by the first SIGTERM or SIGINT. */
  readonly stop: AbortSignal;
  /** Aborted by a second one, a second later or more: don't wait for anyone. */
  readonly hurry: AbortSignal;
  /** Gives the default behaviour back. */
  release(): void;
}

/**
 * Takes the process's signals over.
 *
 * @param passOn called for each signal that is the program's
 * @param now monotonic milliseconds
 */
export const takeSignals = (
  passOn: (signal: NodeJS.Signals) => void,
  now = (): number => performance.now(),
): Signals => {
  const stop = new AbortController();
  const hurry = new AbortController();
  let stoppedAt = 0;
  const onStop = (): void => {
    if (!stop.signal.aborted) stoppedAt = now();
    else if (now() - stoppedAt >= SAME_ORDER) hurry.abort();
    stop.abort();
  };
  for (const signal of PASSED_ON) process.on(signal, passOn);
  for (const signal of STOP) process.on(signal, onStop);
  return {
    stop: stop.signal,
    hurry: hurry.signal,
    release: () => {
      for (const signal of PASSED_ON) process.off(signal, passOn);
      for (const signal of STOP) process.off(signal, onStop);
    },
  };
};

/**
 * Does something before these signals have their effect. Where somebody else listens for one, its effect is his.
 *
 * @param first must not reject
 */
export const beforeSignals = (names: readonly NodeJS.Signals[], first: () => Promise<void>): void => {
  for (const name of names) {
    const onSignal = async (): Promise<void> => {
      await first();
      process.off(name, onSignal);
      if (process.listenerCount(name) === 0) process.kill(process.pid, name);
    };
    process.on(name, onSignal);
  }
};
