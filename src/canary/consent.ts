import { createCalls } from './calls.ts';
import { beforeTurn, type HookAnswer, type HookOptions } from './hooks.ts';
import type { Rollout } from './rollout.ts';

/** Asks a rollout's webhook before each step. */
export interface Consent {
  /**
   * To be called at each look as long as the rollout asks.
   *
   * @returns undefined as long as there is no answer
   */
  ask(rollout: Rollout, now: number): HookAnswer | undefined;
}

export const createConsent = (options?: HookOptions): Consent => {
  const calls = createCalls(options);
  return {
    ask: (rollout, now) => {
      const { plan, turn } = rollout;
      if (plan.before === undefined || turn === undefined) return { isYes: true };
      return calls.answer(plan.before, beforeTurn(rollout, turn), now);
    },
  };
};
