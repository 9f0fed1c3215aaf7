import { RedisRefused } from '../redis/errors.ts';
import type { Log } from '../telemetry/log.ts';

/** Milliseconds until a Redis that would not let us write is asked again. */
const PATIENCE_MS = 60_000;

export interface SettlingOptions {
  readonly log: Log;
  readonly now: () => number;
  /** Has Redis settle one service; rejects with RedisRefused or RedisUnavailable. */
  readonly settle: (service: string) => Promise<void>;
}

/**
 * Enters changes by hand into the ledger as they are noticed, and reverts weights whose time is over. A gateway may
 * have no right to write, or read from a replica: that is said once, and the weights are followed all the same.
 */
export class Settling {
  readonly #options: SettlingOptions;
  readonly #underWay = new Set<string>();
  #refused = false;
  #notBefore = 0;

  constructor(options: SettlingOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  async settle(service: string): Promise<void> {
    const { log, now, settle } = this.#options;
    if (this.#underWay.has(service) || now() < this.#notBefore) return;
    this.#underWay.add(service);
    try {
      await settle(service);
      this.#refused = false;
    } catch (error) {
      // Where Redis is away, the next look finds the change again.
      if (error instanceof RedisRefused) {
        this.#notBefore = now() + PATIENCE_MS;
        if (!this.#refused) {
          log.warn(
            { service, detail: error.message },
            "Redis doesn't let us enter changes by hand into the ledger, nor revert weights that were set for a time",
          );
        }
        this.#refused = true;
      }
    } finally {
      this.#underWay.delete(service);
    }
  }
}
