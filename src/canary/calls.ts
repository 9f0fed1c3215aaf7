import { type HookMessage, messageKey } from './hook-message.ts';
import { callHook, type HookAnswer, type HookOptions } from './hooks.ts';

/** Webhooks that are called without making anyone wait for them: one message of a service at a time. */
export interface Calls {
  /**
   * To be called at each look for as long as the answer matters. A no is asked again after a while.
   *
   * @param now milliseconds, of the looks
   * @returns undefined as long as there is no answer
   */
  answer(url: string, message: HookMessage, now: number): HookAnswer | undefined;
}

/** Milliseconds. */
const ASK_AGAIN_AFTER = 10_000;

interface Asked {
  readonly key: string;
  answer?: HookAnswer;
  at: number;
}

export const createCalls = (options: HookOptions = {}): Calls => {
  const byService = new Map<string, Asked>();
  return {
    answer: (url, message, now) => {
      const key = messageKey(message);
      const before = byService.get(message.service);
      const isDue = before?.answer?.isYes === false && now - before.at >= ASK_AGAIN_AFTER;
      if (before?.key === key && !isDue) return before.answer;
      const asked: Asked = { key, at: now };
      byService.set(message.service, asked);
      void callHook(url, message, options).then(answer => {
        asked.answer = answer;
      });
      return undefined;
    },
  };
};
