import type { Metrics } from '../telemetry/metrics.ts';
import { type ControllerOptions, startController } from './controller.ts';
import { openDesk } from './desk.ts';
import { addCanaryMetrics } from './metrics.ts';
import { type CanaryRequests, requestsOf } from './requests.ts';

/** The rollouts of a gateway: its share in leading them, and what its admin API offers. */
export interface Canary {
  readonly requests: CanaryRequests;
  /** Gives up the lead, and closes the board. */
  close(): Promise<void>;
}

export const startCanary = (options: Omit<ControllerOptions, 'onTurn'>, metrics: Metrics): Canary => {
  const { board } = options;
  const counts = { steps: 0, over: new Map<string, number>() };
  const controller = startController({
    ...options,
    onTurn: ({ outcome }) => {
      if (outcome === undefined) counts.steps += 1;
      else counts.over.set(outcome, (counts.over.get(outcome) ?? 0) + 1);
    },
  });
  addCanaryMetrics(metrics, {
    leads: controller.leads,
    running: controller.running,
    steps: () => counts.steps,
    over: () => counts.over,
  });
  return {
    requests: requestsOf(openDesk(board)),
    close: async () => {
      await controller.close();
      await board.close();
    },
  };
};
