import { beforeTurn, callHook, type HookAnswer, type HookOptions } from './hooks.ts';
import type { Rollout } from './rollout.ts';

/** Asks a rollout's webhook before each step, without making anyone wait for it. */
export interface Consent {
  /**
   * To be called at each look as long as the rollout asks. A no is asked again after a while.
   *
   * @returns undefined as long as there is no answer
   */
  ask(rollout: Rollout, now: number): HookAnswer | undefined;
}

/** Milliseconds. */
const ASK_AGAIN_AFTER = 10_000;

interface Asked {
  readonly key: string;
  answer?: HookAnswer;
  at: number;
}

export const createConsent = (options: HookOptions = {}): Consent => {
  const byService = new Map<string, Asked>();
  return {
    ask: (rollout, now) => {
      const { service, id, plan, turn } = rollout;
      if (plan.before === undefined || turn === undefined) return { isYes: true };
      const key = `${id} ${turn.step}`;
      const before = byService.get(service);
      const isDue = before?.answer?.isYes === false && now - before.at >= ASK_AGAIN_AFTER;
      if (before?.key === key && !isDue) return before.answer;
      const asked: Asked = { key, at: now };
      byService.set(service, asked);
      void callHook(plan.before, beforeTurn(rollout, turn), options).then(answer => {
        asked.answer = answer;
      });
      return undefined;
    },
  };
};
