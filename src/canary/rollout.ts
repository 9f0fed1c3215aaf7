import type { Copied } from '../core/rules/copies.ts';
import type { Evidence } from './evidence.ts';
import type { HookMessage } from './hook-message.ts';
import type { Plan } from './plan.ts';

/**
 * One rollout of one service, as it is kept in Redis: plain JSON, written whole. Times are epoch milliseconds by the
 * clock of Redis, so that another gateway can go on with it.
 */
export interface Rollout {
  /** Names it in the ledger: `canary ID`. */
  readonly id: string;
  readonly service: string;
  readonly plan: Plan;
  readonly startedAt: number;
  readonly startedBy: string;
  readonly reason?: string;
  readonly phase: Phase;
  /** Index in `plan.steps` of the one in force; -1 before the first. */
  readonly step: number;
  /** When it came into force. */
  readonly stepAt: number;
  /** What the other versions share the rest by; they sum to 1. Empty while `new`. */
  readonly stable: Readonly<Record<string, number>>;
  /** The weights that it found or wrote last, null for none; others are somebody else's. */
  readonly held: Weights | null;
  /** Their revision. */
  readonly ledger: number;
  /** What is to be turned; set while `asking` and `turning`. */
  readonly turn?: Turn;
  /** Somebody wants it to stand still. A breach rolls back all the same. */
  readonly paused?: Said;
  /** What somebody wants of whoever leads, at the next look. */
  readonly wish?: Said & { readonly kind: 'promote' | 'abort' };
  /** What keeps it from going on that is not to be seen in the figures: a veto, a freeze. */
  readonly obstacle?: string;
  /** Since when the version has had no live instance. */
  readonly goneSince?: number;
  /** What the figures say so far. */
  readonly evidence: Evidence;
  readonly outcome?: Outcome;
  /** Why it ended so. */
  readonly why?: string;
  /** What the `after` webhook was not told yet, the oldest first; also of a rollout before this one. */
  readonly owed?: readonly Owed[];
  /** What happened so far, the oldest first. */
  readonly story: readonly Event[];
}

/**
 * `new`: asked for, and nothing checked; `asking`: whether the next step may begin; `turning`: weights are being
 * written (kept before they are, so that whoever goes on after a crash knows); `watching`: a step is in force.
 */
export type Phase = 'new' | 'asking' | 'turning' | 'watching' | 'over';

/** `overtaken`: somebody else turned the dial meanwhile, and what they set stays. */
export type Outcome = 'promoted' | 'rolled back' | 'aborted' | 'overtaken' | 'refused';

/** A change of the weights: it begins a step, or ends the rollout. */
export interface Turn {
  readonly step?: number;
  readonly outcome?: Outcome;
  readonly weights: Weights;
  readonly why: string;
}

export interface Owed {
  readonly url: string;
  readonly message: HookMessage;
  readonly since: number;
}

/** By version, explicit zeros too. */
export type Weights = Readonly<Record<string, number>>;

export interface Said {
  readonly actor: string;
  readonly at: number;
  readonly reason?: string;
}

export interface Event {
  readonly at: number;
  readonly text: string;
}

const MOST_EVENTS = 300;

/** Who writes into the ledger for it. */
export const actorOf = ({ id }: Pick<Rollout, 'id'>): string => `canary ${id}`;

export const isOver = ({ phase }: Pick<Rollout, 'phase'>): boolean => phase === 'over';

/** Whether a step has begun since, or the rollout has ended. */
export const hasTurned = (rollout: Rollout, before: Rollout): boolean =>
  rollout.step !== before.step || (isOver(rollout) && !isOver(before));

/** The version's share in percent; 0 before the first step. */
export const shareAt = ({ plan, step }: Pick<Rollout, 'plan' | 'step'>): number => plan.steps[step] ?? 0;

export const tell = (rollout: Rollout, at: number, text: string): Rollout => ({
  ...rollout,
  story: [...rollout.story, { at, text }].slice(-MOST_EVENTS),
});

export const without = <K extends keyof Rollout>(
  rollout: Rollout,
  ...keys: readonly K[]
): Omit<Rollout, K> => {
  const rest: Partial<Rollout> = { ...rollout };
  for (const key of keys) delete rest[key];
  return rest as Omit<Rollout, K>;
};

/** As the ledger tells it. */
export const reasonOf = ({ outcome, why }: Turn): string =>
  outcome === undefined ? why : `${outcome}, ${why}`;

/** The version gets copies in its first step, where the plan wants that, and no traffic. */
export const copiesOf = ({ plan: { to, mirror }, step, phase }: Rollout): Copied | undefined =>
  mirror === undefined || step !== 0 || phase === 'over' ? undefined : { version: to, share: mirror };

/** Ends it without a turn. */
export const end = (rollout: Rollout, at: number, outcome: Outcome, why: string): Rollout =>
  tell(
    { ...without(rollout, 'turn', 'obstacle', 'wish', 'paused'), phase: 'over', outcome, why },
    at,
    `${outcome}: ${why}`,
  );
