import { formatShare } from '../core/values.ts';
import { isOver, type Rollout, shareAt } from './rollout.ts';

/** What comes next and when, for people. @param now epoch milliseconds, by the clock of the rollout */
export const nextInWords = (rollout: Rollout, now: number): string => {
  const { service, plan, phase, step, stepAt, wish, paused, obstacle, turn, goneSince, evidence } = rollout;
  const { outcome } = rollout;
  if (isOver(rollout)) return `over: ${outcome}`;
  if (phase === 'new') return 'waits for a gateway to begin it';
  if (phase === 'turning') {
    const what = turn?.outcome ?? turn?.why;
    return obstacle === undefined ? `turns the dial: ${what}` : `${what}, once this is over: ${obstacle}`;
  }
  if (wish !== undefined) return `${wish.kind}, as ${wish.actor} wants`;
  if (paused !== undefined) {
    const stays = `${plan.to} stays at ${formatShare(shareAt(rollout) / 100)} until sluice canary resume ${service}`;
    return `paused by ${paused.actor}: ${stays}; a breach rolls back all the same`;
  }
  if (obstacle !== undefined) return `waits: ${obstacle}`;
  if (phase === 'asking') return `asks whether ${turn?.why} may begin`;
  if (goneSince !== undefined) return `waits: ${plan.to} has no live instance`;
  const upcoming = plan.steps[step + 1];
  const then = upcoming === undefined ? `${plan.to} is promoted` : `${formatShare(upcoming / 100)}`;
  const left = Math.ceil((stepAt + plan.every - now) / 1_000);
  if (left > 0) return `${then} in ${left} s, if all is well`;
  const { text } = evidence.verdict;
  return evidence.verdict.outcome === 'sound'
    ? `${then} at the next look`
    : `${then} once this is clear: ${text}`;
};

/** `step 2 of 5, 5 % to v2` */
export const progressInWords = (rollout: Rollout): string => {
  const { plan, step, outcome } = rollout;
  const share = formatShare(shareAt(rollout) / 100);
  if (outcome !== undefined) return outcome;
  return step < 0 ? 'not begun' : `step ${step + 1} of ${plan.steps.length}, ${share} to ${plan.to}`;
};
