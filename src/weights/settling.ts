import { RedisRefused } from '../redis/errors.ts';
import type { Log } from '../telemetry/log.ts';

/** Milliseconds until a Redis that would not let us write is asked again. */
const PATIENCE_MS = 60_000;

/** All who follow a service see a change by hand at once: the first to settle it within this time spares the others. */
const SPREAD_MS = 200;

export interface SettlingOptions {
  readonly log: Log;
  readonly now: () => number;
  readonly chance: () => number;
  /** Has Redis settle one service; rejects with RedisRefused or RedisUnavailable. */
  readonly settle: (service: string) => Promise<void>;
  /** @returns how to cancel it */
  readonly after?: (ms: number, run: () => void) => () => void;
}

const timer = (ms: number, run: () => void): (() => void) => {
  const id = setTimeout(run, ms);
  return () => clearTimeout(id);
};

/**
 * Enters changes by hand into the ledger as they are noticed, and reverts weights whose time is over: after a moment of
 * chance, in which somebody else may do it. A gateway may have no right to write, or read from a replica: that is said
 * once, and the weights are followed all the same.
 */
export class Settling {
  readonly #options: SettlingOptions;
  readonly #planned = new Map<string, () => void>();
  readonly #underWay = new Set<string>();
  #refused = false;
  #notBefore = 0;

  constructor(options: SettlingOptions) {
    this.#options = options;
  }

  /** To be called with each look at a service. Never throws. */
  look(service: string, isSettled: boolean): void {
    if (isSettled) this.#spare(service);
    else this.#plan(service);
  }

  /** What is planned is left to others. */
  close(): void {
    for (const cancel of this.#planned.values()) cancel();
    this.#planned.clear();
  }

  #plan(service: string): void {
    const { now, chance, after = timer } = this.#options;
    if (this.#planned.has(service) || this.#underWay.has(service) || now() < this.#notBefore) return;
    this.#planned.set(
      service,
      after(chance() * SPREAD_MS, () => void this.#settle(service)),
    );
  }

  #spare(service: string): void {
    this.#planned.get(service)?.();
    this.#planned.delete(service);
  }

  async #settle(service: string): Promise<void> {
    const { log, now, settle } = this.#options;
    this.#planned.delete(service);
    if (now() < this.#notBefore) return;
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
