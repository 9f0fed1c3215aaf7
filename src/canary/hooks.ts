import { setTimeout as wait } from 'node:timers/promises';
import { request } from 'undici';
import { type HookMessage, messageKey } from './hook-message.ts';
import { isOver, type Rollout, shareAt, type Turn } from './rollout.ts';

export type HookAnswer =
  | { readonly isYes: true }
  /** `mayChange`: it was away, broken or busy. */
  | { readonly isYes: false; readonly why: string; readonly mayChange: boolean };

export interface HookOptions {
  /** For one try, milliseconds. */
  readonly within?: number;
  /** Milliseconds before the second try; twice that before each further one. */
  readonly retryAfter?: number;
}

const TRIES = 3;
const MOST_WORDS = 200;

/**
 * Posts a message: 2xx is a yes, any other answer a no, in its own words. An answer of 429 or 5xx, or none, is tried
 * again twice. Redirects are not followed. The same message has the same `Idempotency-Key`, since a gateway that goes on
 * for another asks again. Never rejects; no answer repeats the URL, which may hold secrets.
 */
export const callHook = async (
  url: string,
  message: HookMessage,
  { within = 10_000, retryAfter = 500 }: HookOptions = {},
): Promise<HookAnswer> => {
  for (let attempt = 1; ; attempt++) {
    const answer = await post(url, message, within);
    if (answer.isYes || !answer.mayChange || attempt === TRIES) return answer;
    await wait(retryAfter * 2 ** (attempt - 1), undefined, { ref: false });
  }
};

const post = async (url: string, message: HookMessage, within: number): Promise<HookAnswer> => {
  try {
    const { target, authorization } = withoutUser(url);
    const { statusCode, body } = await request(target, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'idempotency-key': messageKey(message),
        ...authorization,
      },
      body: JSON.stringify(message),
      signal: AbortSignal.timeout(within),
    });
    const words = printable(await body.text());
    if (statusCode >= 200 && statusCode < 300) return { isYes: true };
    const why = `it answered ${statusCode}${words === '' ? '' : `: ${words}`}`;
    return { isYes: false, why, mayChange: statusCode === 429 || statusCode >= 500 };
  } catch (error) {
    const { name, code } = error as NodeJS.ErrnoException;
    const why =
      name === 'TimeoutError' ? `no answer within ${within / 1_000} s` : `no answer (${code ?? name})`;
    return { isYes: false, why, mayChange: true };
  }
};

const withoutUser = (url: string): { target: string; authorization: Record<string, string> } => {
  const target = new URL(url);
  const { username, password } = target;
  if (username === '' && password === '') return { target: url, authorization: {} };
  target.username = '';
  target.password = '';
  const user = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  return { target: target.href, authorization: { authorization: `Basic ${user.toString('base64')}` } };
};

const printable = (text: string): string =>
  text
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, MOST_WORDS);

/** Asks whether a step may begin. */
export const beforeTurn = ({ service, id, plan }: Rollout, { step = 0, why }: Turn): HookMessage => ({
  kind: 'before',
  service,
  id,
  to: plan.to,
  step: step + 1,
  steps: plan.steps,
  share: (plan.steps[step] ?? 0) / 100,
  why,
});

/** Tells that a step has begun, or that the rollout is over. */
export const afterTurn = (rollout: Rollout): HookMessage => {
  const { service, id, plan, step, outcome, why = '', story } = rollout;
  const common = { kind: 'after', service, id, to: plan.to, steps: plan.steps } as const;
  return isOver(rollout)
    ? { ...common, ...(outcome === undefined ? {} : { outcome }), why }
    : { ...common, step: step + 1, share: shareAt(rollout) / 100, why: story.at(-1)?.text ?? '' };
};
