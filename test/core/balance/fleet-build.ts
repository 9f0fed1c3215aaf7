import { Fleet } from '../../../src/core/balance/fleet.ts';
import { DEFAULT_FLEET_SETTINGS, type FleetSettings } from '../../../src/core/balance/fleet-settings.ts';
import type { EjectionEvent } from '../../../src/core/balance/peers.ts';
import type { Target } from '../../../src/core/model/rule.ts';
import { Tries } from '../../../src/core/retry/retry.ts';
import { instance } from '../build.ts';

export const target = (serviceId: string, weight = 1): Target => ({
  instance: instance({ service: 'orders', serviceId, weight, port: 3000 }),
  version: 'v1',
});

/** Targets a, b, c … with these weights. */
export const targetsOf = (...weights: readonly number[]): Target[] =>
  weights.map((weight, i) => target(String.fromCharCode(97 + i), weight));

export interface TestFleet {
  readonly fleet: Fleet;
  readonly events: readonly EjectionEvent[];
}

/** With no slow start unless it is asked for, so that every instance has its share at once. */
export const fleetOf = (settings: Partial<FleetSettings> = {}): TestFleet => {
  const events: EjectionEvent[] = [];
  const fleet = new Fleet({ ...DEFAULT_FLEET_SETTINGS, slowStart: 0, ...settings }, event =>
    events.push(event),
  );
  return { fleet, events };
};

/** One whole attempt at a target. */
export const attempt = (
  fleet: Fleet,
  at: Target,
  outcome: {
    readonly from: number;
    readonly to?: number;
    readonly status?: number;
    readonly retryAfter?: number;
  },
): void => {
  const { from, to = from + 1, status = 200, retryAfter } = outcome;
  const tries = new Tries(fleet, { candidates: [at] });
  tries.begin(at, from);
  tries.responded(status, to, retryAfter);
  tries.completed();
};

/** Draws from [0, 1) that are the same for the same seed (xorshift32). */
export const seeded = (seed: number): (() => number) => {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
};
