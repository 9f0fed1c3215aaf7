import { isDeepStrictEqual } from 'node:util';
import type { ServiceWeights } from '../core/model/split.ts';
import { WeightsError, type WrittenWeights } from '../core/weights.ts';
import type { Log } from '../telemetry/log.ts';
import type { CountedVersions, Watched } from '../telemetry/version-samples.ts';
import type { WeightStore } from '../weights/store.ts';
import type { Board, Kept } from './board.ts';
import { pairOf, passOver, weigh } from './evidence.ts';
import { hindered, type Look, progress, turned } from './progress.ts';
import { actorOf, end, isOver, type Rollout, reasonOf, type Turn } from './rollout.ts';

export interface ControllerOptions {
  readonly board: Board;
  readonly weights: Pick<WeightStore, 'get' | 'set'>;
  /** Live versions of a service and the share of each; undefined where there is no such service. */
  readonly shares: (service: string) => ReadonlyMap<string, number> | undefined;
  readonly traffic: {
    /** From now on the versions of these services are counted. */
    watch(watched: readonly Watched[]): void;
    counted(): CountedVersions;
  };
  readonly log: Log;
  /** Milliseconds between two looks (default 1 s). */
  readonly lookEvery?: number;
  /** @returns how to cancel it */
  readonly after?: (ms: number, run: () => void) => () => void;
}

export interface Controller {
  /** Whether this gateway leads. */
  leads(): boolean;
  /** Gives up the lead, so that another takes over at once. */
  close(): Promise<void>;
}

/** Until all gateways answer by the shares of a step and have told what came before, in milliseconds. */
const SETTLING = 2_000;

const timer = (ms: number, run: () => void): (() => void) => {
  const id = setTimeout(run, ms);
  return () => clearTimeout(id);
};

/**
 * The hand that turns the dial. It runs in every gateway: each tells what it has counted, and one of them leads: it looks
 * at every rollout, and keeps what is to be done before it does it, so that another goes on where it died.
 */
export const startController = (options: ControllerOptions): Controller => {
  const { board, weights, shares, traffic, log, lookEvery = 1_000, after = timer } = options;
  let fence: number | undefined;
  let closed = false;
  let trouble: string | undefined;
  let cancel = (): void => {};
  let running = Promise.resolve();

  const beat = async (): Promise<void> => {
    const { now, running } = await board.beat(traffic.counted());
    traffic.watch([...running].map(([service, key]) => ({ key, service })));
    const leads = running.size > 0 ? await board.lead() : undefined;
    if (leads !== undefined && fence === undefined)
      log.info({ fence: leads }, 'this gateway leads the rollouts');
    fence = leads;
    if (leads === undefined) return;
    await Promise.all([...running.keys()].map(service => attend(service, now, leads)));
  };

  const attend = async (service: string, now: number, leads: number): Promise<void> => {
    try {
      await look(service, now, leads);
    } catch (err) {
      log.warn({ err, service }, 'a look at a rollout failed; it is tried again');
    }
  };

  const look = async (service: string, now: number, leads: number): Promise<void> => {
    const kept = await board.read(service);
    if (kept === undefined || isOver(kept.rollout)) return;
    const { rollout } = kept;
    const [held, figures] = await Promise.all([weights.get(service), board.figures(rollout.id)]);
    const totals = pairOf(figures, rollout.plan.to);
    const take = now - rollout.stepAt < SETTLING ? passOver : weigh;
    const next = progress(
      { ...rollout, evidence: take(rollout.evidence, totals) },
      { now, shares: shares(service), ...weightsIn(held) },
    );
    const stored = await keep(next, kept, leads);
    if (stored?.rollout.phase === 'turning') await turn(stored, now, leads);
  };

  /** @returns undefined where somebody else has changed it, or leads: the next look sees */
  const keep = async (
    rollout: Rollout,
    { revision, rollout: before }: Kept,
    leads: number,
  ): Promise<Kept | undefined> => {
    const result = await board.keep(rollout, revision, leads);
    if (result !== 'kept') return undefined;
    const { service, story } = rollout;
    for (const { text } of story.slice(before.story.length)) {
      log.info({ service, rollout: rollout.id, to: rollout.plan.to }, text);
    }
    return { rollout, revision: revision + 1 };
  };

  const turn = async (kept: Kept, now: number, leads: number): Promise<void> => {
    const { rollout } = kept;
    if (rollout.turn === undefined) return;
    const next = await carryOut(rollout, rollout.turn, now, leads);
    if (next !== undefined) await keep(next, kept, leads);
  };

  const carryOut = async (
    rollout: Rollout,
    turn: Turn,
    now: number,
    leads: number,
  ): Promise<Rollout | undefined> => {
    try {
      const entry = await weights.set(rollout.service, new Map(Object.entries(turn.weights)), {
        actor: actorOf(rollout),
        reason: reasonOf(turn).slice(0, 500),
        source: 'canary',
        expectRevision: rollout.ledger,
        fence: board.fence(leads),
      });
      return turned(rollout, turn, entry.revision, now);
    } catch (error) {
      if (!(error instanceof WeightsError)) throw error;
      return afterRefusal(rollout, turn, error, now);
    }
  };

  const run = async (): Promise<void> => {
    try {
      await beat();
      trouble = undefined;
    } catch (error) {
      fence = undefined;
      const detail = error instanceof Error ? error.message : String(error);
      if (detail !== trouble) log.warn({ detail }, 'rollouts stand still: they can be neither read nor kept');
      trouble = detail;
    }
    if (!closed) cancel = after(lookEvery, start);
  };
  const start = (): void => {
    running = run();
  };
  start();

  return {
    leads: () => fence !== undefined,
    close: async () => {
      closed = true;
      cancel();
      await running;
      if (fence !== undefined) await board.resign().catch(() => {});
    },
  };
};

const weightsIn = ({
  weights,
  revision,
  frozen,
}: ServiceWeights): Pick<Look, 'weights' | 'revision' | 'frozen'> => ({
  weights: weights === undefined ? null : Object.fromEntries(weights),
  revision,
  frozen: frozen && (frozen.reason === undefined ? frozen.by : `${frozen.by} (${frozen.reason})`),
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
