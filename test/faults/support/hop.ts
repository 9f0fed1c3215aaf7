import type { TestContext } from 'node:test';
import { Fleet } from '../../../src/core/balance/fleet.ts';
import { DEFAULT_FLEET_SETTINGS } from '../../../src/core/balance/fleet-settings.ts';
import type { Timeouts } from '../../../src/core/settings/limits.ts';
import { decisionFor, type ProxyUnderTest, startProxy } from '../../proxy/support/proxy.ts';

export interface Hop extends ProxyUnderTest {
  /** Ports of the instances that were blamed, in order. */
  readonly blamed: readonly number[];
}

/** A proxy that asks the first of these ports first, and ejects an instance at the first failure that is its fault. */
export const startHop = async (
  t: TestContext,
  ports: readonly number[],
  timeouts: Partial<Timeouts> = {},
): Promise<Hop> => {
  const blamed: number[] = [];
  const settings = { ...DEFAULT_FLEET_SETTINGS, health: { failures: 1, time: 60_000 } };
  const fleet = new Fleet(settings, ({ instance, reason }) => {
    if (reason !== undefined) blamed.push(Number(instance.split(':').at(-1)));
  });
  const hop = await startProxy(t, ports, {
    fleet,
    timeouts,
    decide: ({ path }, now) => {
      const decision = decisionFor(path, ...ports);
      fleet.candidates(decision.candidates, now);
      return decision;
    },
  });
  return { ...hop, blamed };
};
