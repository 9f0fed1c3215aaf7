import type { Log } from '../telemetry/log.ts';
import { createCalls } from './calls.ts';
import { afterTurn, type HookOptions } from './hooks.ts';
import { hasTurned, type Rollout, without } from './rollout.ts';

/** Brings webhooks what they are owed, the oldest first. */
export interface Courier {
  /**
   * To be called at each look with what is kept. Whoever takes over brings again what nobody has kept as brought: a
   * message comes at least once.
   *
   * @returns the rollout without what was brought, or the same object
   */
  bring(rollout: Rollout, now: number): Rollout;
}

/** A webhook that gives no answer for so long is given up. Milliseconds. */
const GIVE_UP_AFTER = 3_600_000;

export const createCourier = (log: Log, options?: HookOptions): Courier => {
  const calls = createCalls(options);
  return {
    bring: (rollout, now) => {
      const { service, owed: [first, ...rest] = [] } = rollout;
      if (first === undefined) return rollout;
      const { url, message, since } = first;
      const answer = calls.answer(url, message, now);
      if (answer === undefined) return rollout;
      if (!answer.isYes) {
        if (answer.mayChange && now - since < GIVE_UP_AFTER) return rollout;
        log.warn({ service, rollout: message.id, detail: answer.why }, 'the webhook was not informed');
      }
      return rest.length === 0 ? without(rollout, 'owed') : { ...rollout, owed: rest };
    },
  };
};

/** Notes what the webhook is to be told of a turn that was done since. */
export const owing = (rollout: Rollout, before: Rollout, now: number): Rollout => {
  const { plan, outcome, owed = [] } = rollout;
  if (plan.after === undefined || outcome === 'refused' || !hasTurned(rollout, before)) return rollout;
  return { ...rollout, owed: [...owed, { url: plan.after, message: afterTurn(rollout), since: now }] };
};
