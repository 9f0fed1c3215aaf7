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
  /** Instances ejected or on trial. */
  out = 0;
  /** Until then one of them may rest, or warm up. Monotonic milliseconds. */
  restUntil = 0;
  warmAt = 0;

  constructor(service: ServiceTraffic, version: string, settings: FleetSettings, onEjection: OnEjection) {
    this.service = service;
    this.version = version;
    this.settings = settings;
    this.onEjection = onEjection;
  }

  /** Whether every instance is in. */
  areAllIn(now: number): boolean {
    return this.out === 0 && now >= this.restUntil;
  }
}
