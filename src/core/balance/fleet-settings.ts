import type { BalanceName } from '../model/traffic.ts';
import type { HealthSettings } from './health.ts';
import type { BudgetSettings } from './retry-budget.ts';

/** How a process treats instances where their tags say nothing else. */
export interface FleetSettings {
  readonly balance: BalanceName;
  /** How long a new instance takes to get its whole share. Milliseconds; 0 is off. */
  readonly slowStart: number;
  readonly health: HealthSettings;
  readonly retries: RetrySettings;
}

export interface RetrySettings {
  /** Attempts after the first. */
  readonly most: number;
  /** Statuses after which another instance is asked. */
  readonly on: ReadonlySet<number>;
  readonly budget: BudgetSettings;
}

/** Puts others in force for whoever holds these: instances and budgets that are there keep what they know. */
export const replaceFleetSettings = (held: FleetSettings, next: FleetSettings): void => {
  const { health, retries, ...rest } = next;
  const { budget, ...tries } = retries;
  Object.assign(held, rest);
  Object.assign(held.health, health);
  Object.assign(held.retries, tries);
  Object.assign(held.retries.budget, budget);
};

/**
 * A 502 or a 503 tells that this instance could not; a 504 that somebody has waited long enough, and that what was
 * asked for may still be going on.
 */
export const DEFAULT_FLEET_SETTINGS: FleetSettings = {
  balance: 'peak-ewma',
  slowStart: 10_000,
  health: { failures: 5, time: 5_000 },
  retries: { most: 2, on: new Set([502, 503]), budget: { share: 0.2, perSecond: 10 } },
};
