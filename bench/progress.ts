export interface Progress {
  /** @param what it is doing now, e.g. `get-64  nginx  round 2 of 5` */
  begin(what: string): void;
  /** @param weight of what was done, in the unit of the total */
  done(weight: number): void;
  /** A line that stays. */
  say(line: string): void;
  end(): void;
}

/**
 * One line that tells what is measured and how long all still takes; where nobody watches a terminal, one line
 * for each that begins.
 *
 * @param total weight of the whole run; seconds as planned, which the pace so far corrects
 */
export const showProgress = (
  total: number,
  out: NodeJS.WriteStream,
  now = (): number => performance.now(),
): Progress => {
  const began = now();
  let done = 0;
  const clear = out.isTTY ? '\r\x1b[K' : '';
  const left = (): string => {
    const pace = done === 0 ? 1 : (now() - began) / 1_000 / done;
    return duration((total - done) * pace);
  };
  return {
    begin: what => out.write(`${clear}${what}  about ${left()} left${out.isTTY ? '' : '\n'}`),
    done: weight => {
      done += weight;
    },
    say: line => out.write(`${clear}${line}\n`),
    end: () => out.write(clear),
  };
};

const duration = (seconds: number): string =>
  seconds < 90 ? `${Math.max(0, Math.round(seconds))} s` : `${Math.round(seconds / 60)} min`;
