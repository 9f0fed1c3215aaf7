import { type CanaryAnswer, canaryAnswer } from './answer.ts';
import type { Board } from './board.ts';
import { type By, type CommandName, commandRollout, startRollout } from './commands.ts';
import type { Plan } from './plan.ts';
import type { Rollout } from './rollout.ts';

/** Where people ask about rollouts and say what they want of them. All reject with CanaryError. */
export interface Desk {
  /** The newest of each service. */
  list(): Promise<readonly CanaryAnswer[]>;
  /** Undefined where there was never one. */
  get(service: string): Promise<CanaryAnswer | undefined>;
  start(service: string, plan: Plan, by: By): Promise<CanaryAnswer>;
  command(service: string, command: CommandName, by: By): Promise<CanaryAnswer>;
}

export const openDesk = (board: Board): Desk => {
  const answer = async (rollout: Rollout): Promise<CanaryAnswer> =>
    canaryAnswer(rollout, (await board.beat(new Map())).now);
  return {
    list: async () => {
      const { now } = await board.beat(new Map());
      const all = (await board.list()).map(({ rollout }) => canaryAnswer(rollout, now));
      return all.sort((a, b) => (a.service < b.service ? -1 : 1));
    },
    get: async service => {
      const kept = await board.read(service);
      return kept && answer(kept.rollout);
    },
    start: async (service, plan, by) => answer(await startRollout(board, service, plan, by)),
    command: async (service, command, by) => answer(await commandRollout(board, service, command, by)),
  };
};
