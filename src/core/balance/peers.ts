import type { FleetSettings } from './fleet-settings.ts';
import type { EjectionReason } from './health.ts';
import { RetryBudget } from './retry-budget.ts';
import { SuccessWindow } from './success-window.ts';

/** An instance that was ejected, or is back. */
export interface EjectionEvent {
  readonly instance: string;
  readonly service: string;
  readonly version: string;
  /** Absent where it is back. */
  readonly reason?: EjectionReason;
  /** For how long; absent where it is back. */
  readonly milliseconds?: number;
}

export type OnEjection = (event: EjectionEvent) => void;

/** What is kept of one service. */
export class ServiceTraffic {
  readonly budget: RetryBudget;
  /** Since the start. */
  readonly ejections: Record<EjectionReason, number> = {
    consecutive_failures: 0,
    success_rate: 0,
    failed_trial: 0,
  };
  readonly name: string;

  constructor(name: string, { retries }: FleetSettings) {
    this.name = name;
    this.budget = new RetryBudget(retries.budget);
  }
}

/** Whether anything is out of the ordinary anywhere, so that most requests need not look closer. */
export class Alarm {
  /** Instances ejected or on trial. */
  out = 0;
  /** Until then one may rest. Monotonic milliseconds. */
  restUntil = 0;

  isRaised(now: number): boolean {
    return this.out > 0 || now < this.restUntil;
  }
}

/**
 * The instances of one version of a service: who may stand in for one another, and be compared. Its few numbers
 * tell whether anything is out of the ordinary, so that a pick usually need not ask each instance.
 */
export class Peers {
  readonly service: ServiceTraffic;
  readonly version: string;
  readonly settings: FleetSettings;
  readonly onEjection: OnEjection;
  readonly window = new SuccessWindow();
  /** Instances known. */
  size = 0;
  /** Until then one of them may warm up. Monotonic milliseconds. */
  warmAt = 0;
  readonly #alarm: Alarm;
  /** Instances ejected or on trial. */
  #out = 0;
  /** Until then one of them may rest. Monotonic milliseconds. */
  #restUntil = 0;

  constructor(
    service: ServiceTraffic,
    version: string,
    settings: FleetSettings,
    alarm: Alarm,
    onEjection: OnEjection,
  ) {
    this.#alarm = alarm;
    this.service = service;
    this.version = version;
    this.settings = settings;
    this.onEjection = onEjection;
  }

  /** Whether every instance is in. */
  areAllIn(now: number): boolean {
    return this.#out === 0 && now >= this.#restUntil;
  }

  /** One of them is ejected, or no more. */
  countOut(change: 1 | -1): void {
    this.#out += change;
    this.#alarm.out += change;
  }

  /** One of them is to be left alone. @param until monotonic milliseconds */
  rest(until: number): void {
    this.#restUntil = Math.max(this.#restUntil, until);
    this.#alarm.restUntil = Math.max(this.#alarm.restUntil, until);
  }
}
