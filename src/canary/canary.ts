import { type Controller, type ControllerOptions, startController } from './controller.ts';
import { openDesk } from './desk.ts';
import { type CanaryRequests, requestsOf } from './requests.ts';

/** The rollouts of a gateway: its share in leading them, and what its admin API offers. */
export interface Canary {
  readonly requests: CanaryRequests;
  readonly leads: Controller['leads'];
  /** Gives up the lead, and closes the board. */
  close(): Promise<void>;
}

export const startCanary = (options: ControllerOptions): Canary => {
  const { board } = options;
  const controller = startController(options);
  return {
    requests: requestsOf(openDesk(board)),
    leads: controller.leads,
    close: async () => {
      await controller.close();
      await board.close();
    },
  };
};
