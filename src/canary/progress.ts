import { isDeepStrictEqual } from 'node:util';
import { formatShare } from '../core/values.ts';
import { atStep } from './evidence.ts';
import {
  end,
  type Outcome,
  type Rollout,
  shareAt,
  type Turn,
  tell,
  type Weights,
  without,
} from './rollout.ts';

/** What whoever leads sees of a service at one moment. */
export interface Look {
  /** Epoch milliseconds, by the clock of Redis. */
  readonly now: number;
  /** Live versions and the share of each; undefined where the catalog has no such service. */
  readonly shares: ReadonlyMap<string, number> | undefined;
  /** What the store holds, null for none, and its revision. */
  readonly weights: Weights | null;
  readonly revision: number;
  /** Who keeps the weights from being changed. */
  readonly frozen?: string | undefined;
  /** When the weights would go back by themselves, in epoch milliseconds. */
  readonly revertsAt?: number | undefined;
}

/** A version without any live instance for so long has failed, whatever its figures say. Milliseconds. */
export const GONE_AFTER = 30_000;

/**
 * What becomes of a rollout at a look: pure, so that it can be told for every case. `turning` and `asking` are for the
 * caller to carry out (`turned`, `agreed`, `hindered`); all else is done when this returns.
 *
 * @returns the same object where nothing changes
 */
export const progress = (rollout: Rollout, look: Look): Rollout => {
  if (rollout.phase === 'over') return rollout;
  if (rollout.phase === 'new') return begin(rollout, look);
  const seen = noticeAbsence(rollout, look);
  // While it turns, the weights may be its own: the write tells.
  if (seen.phase === 'turning') return comeBack(seen, look) ?? goOn(seen, look);
  if (!isDeepStrictEqual(seen.held, look.weights)) {
    const who = `somebody else changed the weights (sluice weights history ${seen.service} tells who)`;
    return end(seen, look.now, 'overtaken', `${who}; what they set stays`);
  }
  const known = seen.ledger === look.revision ? seen : { ...seen, ledger: look.revision };
  const current = noticeFreeze(known, look);
  return comeBack(current, look) ?? goOn(current, look);
};

const begin = (rollout: Rollout, { now, shares, frozen, revertsAt, weights, revision }: Look): Rollout => {
  const { service, plan, wish } = rollout;
  const refuse = (why: string): Rollout => end(rollout, now, 'refused', why);
  if (wish?.kind === 'abort') return end(rollout, now, 'aborted', `by ${wish.actor} before it began`);
  if (shares === undefined) return refuse(`${service} is not in the catalog: register an instance of it`);
  if (!shares.has(plan.to)) {
    const live = [...shares.keys()].join(', ') || 'none';
    return refuse(`${service} has no live version ${plan.to} (live: ${live})`);
  }
  if (frozen !== undefined) return refuse(`its weights are frozen by ${frozen}; ask them, or unfreeze it`);
  const others = [...shares].filter(([version, share]) => version !== plan.to && share > 0);
  if (others.length === 0) {
    return refuse(`no other version of ${service} has traffic to take over; set its weights first`);
  }
  const total = others.reduce((sum, [, share]) => sum + share, 0);
  const stable = Object.fromEntries(others.map(([version, share]) => [version, share / total]));
  const found = { ...rollout, stable, held: weights, ledger: revision, stepAt: now };
  if (revertsAt === undefined) return nextStep(found);
  const until = new Date(revertsAt).toISOString();
  return nextStep(tell(found, now, `the weights were set until ${until}; they stay for the rollout now`));
};

const noticeAbsence = (rollout: Rollout, { now, shares }: Look): Rollout => {
  if (shares?.has(rollout.plan.to) === true) {
    return rollout.goneSince === undefined ? rollout : without(rollout, 'goneSince');
  }
  return rollout.goneSince === undefined ? { ...rollout, goneSince: now } : rollout;
};

/** Whoever watches is told why nothing goes on, and when it does again. */
const noticeFreeze = (rollout: Rollout, { now, frozen }: Look): Rollout => {
  if (rollout.phase !== 'watching') return rollout;
  if (frozen !== undefined) return hindered(rollout, now, `its weights are frozen by ${frozen}`);
  return rollout.obstacle === undefined
    ? rollout
    : tell(without(rollout, 'obstacle'), now, 'its weights can be changed again');
};

/** Back to the stable version, where there is reason to; whatever else was about to happen. */
const comeBack = (rollout: Rollout, { now }: Look): Rollout | undefined => {
  const { wish, turn, goneSince, plan, evidence } = rollout;
  const { outcome, text } = evidence.verdict;
  if (turn?.outcome !== undefined && turn.outcome !== 'promoted') return undefined;
  if (wish?.kind === 'abort') return back(rollout, now, 'aborted', because(`by ${wish.actor}`, wish.reason));
  if (outcome === 'breach') return back(rollout, now, 'rolled back', text);
  if (goneSince !== undefined && now - goneSince >= GONE_AFTER) {
    return back(rollout, now, 'rolled back', `no live instance of ${plan.to} for ${GONE_AFTER / 1_000} s`);
  }
  return undefined;
};

const because = (text: string, reason: string | undefined): string =>
  reason === undefined ? text : `${text}: ${reason}`;

const back = (rollout: Rollout, now: number, outcome: Outcome, why: string): Rollout =>
  rollout.step < 0 && rollout.phase === 'asking'
    ? end(rollout, now, outcome, why)
    : turnTo(rollout, { outcome, weights: weightsAt(rollout, 0), why });

const goOn = (rollout: Rollout, look: Look): Rollout => {
  const { now } = look;
  const { plan, wish, phase, step, turn } = rollout;
  if (wish?.kind === 'promote' && turn?.outcome === undefined) {
    const why = because(`by ${wish.actor}`, wish.reason);
    return turnTo(rollout, { outcome: 'promoted', weights: weightsAt(rollout, 100), why });
  }
  if (phase !== 'watching' || holds(rollout, look)) return rollout;
  if (step < plan.steps.length - 1) return nextStep(rollout);
  return end(rollout, now, 'promoted', `${plan.to} has ${shareAt(rollout)} % and is as good as it should be`);
};

/** Whether the step in force is not over. */
const holds = ({ plan, stepAt, paused, goneSince, evidence }: Rollout, { now, frozen }: Look): boolean =>
  paused !== undefined ||
  goneSince !== undefined ||
  frozen !== undefined ||
  now - stepAt < plan.every ||
  evidence.verdict.outcome !== 'sound';

const nextStep = (rollout: Rollout): Rollout => {
  const { plan } = rollout;
  const step = rollout.step + 1;
  const share = plan.steps[step] ?? 0;
  const what =
    share === 0 ? `copies of ${formatShare(plan.mirror ?? 0)} for ${plan.to}` : `${plan.to} at ${share} %`;
  const why = `step ${step + 1} of ${plan.steps.length}: ${what}`;
  const turn = { step, weights: weightsAt(rollout, share), why };
  return plan.before === undefined
    ? turnTo(rollout, turn)
    : { ...without(rollout, 'obstacle'), phase: 'asking', turn };
};

const turnTo = (rollout: Rollout, turn: Turn): Rollout => ({
  ...without(rollout, 'obstacle'),
  phase: 'turning',
  turn,
});

/** All versions that it knows, so that an explicit 0 is exactly none. Shares in percent, to a millionth. */
export const weightsAt = ({ plan, stable }: Rollout, share: number): Record<string, number> => {
  const rest = Object.entries(stable).map(([version, part]) => [version, (100 - share) * part] as const);
  return Object.fromEntries(
    [...rest, [plan.to, share]].map(([name, weight]) => [name, round(Number(weight))]),
  );
};

const round = (weight: number): number => Math.round(weight * 1e6) / 1e6;

/** The weights are written. @param revision of the ledger's entry */
export const turned = (rollout: Rollout, turn: Turn, revision: number, now: number): Rollout => {
  const done = { ...without(rollout, 'turn', 'obstacle'), held: turn.weights, ledger: revision };
  if (turn.step === undefined) return end(done, now, turn.outcome ?? 'promoted', turn.why);
  const { step, why } = turn;
  const evidence = atStep(done.evidence, step);
  return tell({ ...done, phase: 'watching', step, stepAt: now, evidence }, now, why);
};

/** Nobody had anything against the next step. */
export const agreed = (rollout: Rollout): Rollout => ({ ...without(rollout, 'obstacle'), phase: 'turning' });

/** What is to be done can't be done now; it is tried again. */
export const hindered = (rollout: Rollout, now: number, obstacle: string): Rollout =>
  rollout.obstacle === obstacle ? rollout : tell({ ...rollout, obstacle }, now, obstacle);
