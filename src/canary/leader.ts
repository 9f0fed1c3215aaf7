import { isDeepStrictEqual } from 'node:util';
import type { ServiceWeights } from '../core/model/split.ts';
import { WeightsError, type WrittenWeights } from '../core/model/weights.ts';
import type { Log } from '../telemetry/log.ts';
import type { WeightStore } from '../weights/store.ts';
import type { Board, Kept } from './board.ts';
import { createConsent } from './consent.ts';
import { createCourier, owing } from './courier.ts';
import { pairOf, passOver, weigh } from './evidence.ts';
import type { HookOptions } from './hooks.ts';
import { agreed, hindered, type Look, progress, turned } from './progress.ts';
import { actorOf, end, hasTurned, isOver, type Rollout, reasonOf, type Turn } from './rollout.ts';

export interface LeaderOptions {
  readonly board: Board;
  readonly weights: Pick<WeightStore, 'get' | 'set'>;
  /** Live versions of a service and the share of each; undefined where there is no such service. */
  readonly shares: (service: string) => ReadonlyMap<string, number> | undefined;
  readonly log: Log;
  readonly hooks?: HookOptions;
  /** Called for each step that has begun and each rollout that is over. */
  readonly onTurn?: (rollout: Rollout) => void;
}

/** The hand that turns the dial. */
export interface Leader {
  /**
   * One look at the rollout of a service. What is to be done is kept before it is done, so that another gateway goes on
   * with it where this one dies. Never rejects.
   *
   * @param now epoch milliseconds, by the clock of the board
   * @param fence that of this gateway's lead: with an older one than the newest nothing is written
   */
  attend(service: string, now: number, fence: number): Promise<void>;
}

/** Until all gateways answer by the shares of a step and have told what came before, in milliseconds. */
const SETTLING = 2_000;

export const createLeader = ({ board, weights, shares, log, hooks, onTurn }: LeaderOptions): Leader => {
  const consent = createConsent(hooks);
  const courier = createCourier(log, hooks);

  const look = async (service: string, now: number, fence: number): Promise<void> => {
    const kept = await board.read(service);
    if (kept === undefined) return;
    const rollout = courier.bring(kept.rollout, now);
    const next = isOver(rollout) ? rollout : await watched(rollout, now);
    const stored = next === kept.rollout ? undefined : await keep(next, kept, now, fence);
    if (stored?.rollout.phase === 'turning') await turn(stored, now, fence);
  };

  const watched = async (rollout: Rollout, now: number): Promise<Rollout> => {
    const { service } = rollout;
    const [held, figures] = await Promise.all([weights.get(service), board.figures(rollout.id)]);
    const totals = pairOf(figures, rollout.plan.to);
    const take = now - rollout.stepAt < SETTLING ? passOver : weigh;
    const next = progress(
      { ...rollout, evidence: take(rollout.evidence, totals) },
      { now, shares: shares(service), ...weightsIn(held) },
    );
    return consulted(next, now);
  };

  const consulted = (rollout: Rollout, now: number): Rollout => {
    if (rollout.phase !== 'asking' || rollout.paused !== undefined) return rollout;
    const answer = consent.ask(rollout, now);
    if (answer === undefined) return rollout;
    return answer.isYes ? agreed(rollout) : hindered(rollout, now, `the webhook says no: ${answer.why}`);
  };

  /** @returns undefined where somebody else has changed it, or leads: the next look sees */
  const keep = async (
    next: Rollout,
    { revision, rollout: before }: Kept,
    now: number,
    fence: number,
  ): Promise<Kept | undefined> => {
    const rollout = owing(next, before, now);
    const result = await board.keep(rollout, revision, fence);
    if (result !== 'kept') return undefined;
    const { service, story } = rollout;
    for (const { text } of story.slice(before.story.length)) {
      log.info({ service, rollout: rollout.id, to: rollout.plan.to }, text);
    }
    if (hasTurned(rollout, before)) onTurn?.(rollout);
    return { rollout, revision: revision + 1 };
  };

  const turn = async (kept: Kept, now: number, fence: number): Promise<void> => {
    const { rollout } = kept;
    if (rollout.turn === undefined) return;
    const next = await carryOut(rollout, rollout.turn, now, fence);
    if (next !== undefined) await keep(next, kept, now, fence);
  };

  const carryOut = async (
    rollout: Rollout,
    turn: Turn,
    now: number,
    fence: number,
  ): Promise<Rollout | undefined> => {
    try {
      const entry = await weights.set(rollout.service, new Map(Object.entries(turn.weights)), {
        actor: actorOf(rollout),
        reason: reasonOf(turn).slice(0, 500),
        source: 'canary',
        expectRevision: rollout.ledger,
        fence: board.fence(fence),
      });
      return turned(rollout, turn, entry.revision, now);
    } catch (error) {
      if (!(error instanceof WeightsError)) throw error;
      return afterRefusal(rollout, turn, error, now);
    }
  };

  return {
    attend: async (service, now, fence) => {
      try {
        await look(service, now, fence);
      } catch (err) {
        log.warn({ err, service }, 'a look at a rollout failed; it is tried again');
      }
    },
  };
};

const weightsIn = ({
  weights,
  revision,
  frozen,
  reverts,
}: ServiceWeights): Pick<Look, 'weights' | 'revision' | 'frozen' | 'revertsAt'> => ({
  weights: weights === undefined ? null : Object.fromEntries(weights),
  revision,
  frozen: frozen && (frozen.reason === undefined ? frozen.by : `${frozen.by} (${frozen.reason})`),
  revertsAt: reverts?.at,
});

/** @returns undefined where another leads, who goes on with it */
const afterRefusal = (
  rollout: Rollout,
  turn: Turn,
  { code, message, entry }: WeightsError,
  now: number,
): Rollout | undefined => {
  if (code === 'fenced') return undefined;
  if (code !== 'conflict' || entry === undefined) return hindered(rollout, now, message);
  const inForce = numbersIn(entry.to);
  // A leader before this one died between the write and telling of it.
  if (isDeepStrictEqual(inForce, turn.weights)) return turned(rollout, turn, entry.revision, now);
  const isUnchanged = isDeepStrictEqual(inForce, rollout.held ?? {});
  return isUnchanged || entry.actor === actorOf(rollout)
    ? { ...rollout, ledger: entry.revision }
    : end(
        rollout,
        now,
        'overtaken',
        `${entry.actor} changed the weights (revision ${entry.revision}); that stays`,
      );
};

const numbersIn = (weights: WrittenWeights): Record<string, number> =>
  Object.fromEntries(Object.entries(weights).map(([version, weight]) => [version, Number(weight)]));
