import type { Clock } from './clock.ts';
import type { CheckStatus } from './rows.ts';

/** Called with every verdict on a check, whether or not it is news. */
export type Report = (status: CheckStatus, output: string) => void;

export interface TtlCheck {
  /** The service spoke up: winds the clock up again. */
  refresh(output: string): void;
  stop(): void;
}

/** Reports critical once no `refresh` has come for the whole TTL; begins to count at once. */
export const startTtl = (ttlMs: number, clock: Clock, report: Report): TtlCheck => {
  let lastOutput = '';
  const expire = (): void =>
    report(
      'critical',
      lastOutput === '' ? 'TTL expired' : `TTL expired (last output before timeout follows): ${lastOutput}`,
    );
  let cancel = clock.after(ttlMs, expire);
  return {
    refresh: output => {
      lastOutput = output;
      cancel();
      cancel = clock.after(ttlMs, expire);
    },
    stop: () => cancel(),
  };
};
