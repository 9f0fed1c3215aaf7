import { customAlphabet } from 'nanoid';
import { CanaryError } from '../core/canary.ts';
import type { Board, Kept } from './board.ts';
import { noEvidence } from './evidence.ts';
import type { Plan } from './plan.ts';
import { isOver, type Rollout, tell, without } from './rollout.ts';

/** What people may do with a rollout that runs. */
export const COMMANDS = ['pause', 'resume', 'promote', 'abort'] as const;

export type CommandName = (typeof COMMANDS)[number];

export interface By {
  /** Who, at most 100 characters. */
  readonly actor: string;
  readonly reason?: string;
}

const newId = customAlphabet('23456789abcdefghjkmnpqrstuvwxyz', 8);

/** Of whoever leads, who writes about once a second. */
const MOST_CONFLICTS = 20;

/**
 * Asks for a rollout. Whoever leads checks it, and begins or refuses it, at the next look.
 *
 * @throws CanaryError where one runs already, or the board is away
 */
export const startRollout = async (board: Board, service: string, plan: Plan, by: By): Promise<Rollout> => {
  const before = await board.read(service);
  if (before !== undefined && !isOver(before.rollout)) refuseSecond(before.rollout);
  const { now } = await board.beat(new Map());
  const rollout: Rollout = {
    id: newId(),
    service,
    plan,
    startedAt: now,
    startedBy: by.actor,
    ...(by.reason === undefined ? {} : { reason: by.reason }),
    phase: 'new',
    step: -1,
    stepAt: now,
    stable: {},
    held: null,
    ledger: 0,
    evidence: noEvidence(plan),
    ...(before?.rollout.owed === undefined ? {} : { owed: before.rollout.owed }),
    story: [{ at: now, text: `asked for by ${by.actor}` }],
  };
  if ((await board.keep(rollout, before?.revision ?? 0)) === 'kept') return rollout;
  throw new CanaryError(
    'refused',
    `somebody else started a rollout of ${service} just now; look at its status`,
  );
};

const refuseSecond = ({ service, plan, startedBy }: Rollout): never => {
  throw new CanaryError(
    'refused',
    `a rollout of ${service} to ${plan.to} runs already (started by ${startedBy}); abort or promote it first`,
  );
};

/**
 * `pause` and `resume` hold at once; `promote` and `abort` are carried out at the next look of whoever leads.
 *
 * @throws CanaryError where nothing runs, or the command says nothing new
 */
export const commandRollout = async (
  board: Board,
  service: string,
  command: CommandName,
  by: By,
): Promise<Rollout> => {
  for (let i = 0; i < MOST_CONFLICTS; i++) {
    const { rollout, revision } = await running(board, service);
    const { now } = await board.beat(new Map());
    const next = commanded(rollout, command, { ...by, at: now });
    if ((await board.keep(next, revision)) === 'kept') return next;
  }
  throw new CanaryError('unavailable', `the rollout of ${service} changes too fast; try again`);
};

const running = async (board: Board, service: string): Promise<Kept> => {
  const kept = await board.read(service);
  if (kept !== undefined && !isOver(kept.rollout)) return kept;
  const before =
    kept === undefined ? '' : ` (the last one, to ${kept.rollout.plan.to}, ended: ${kept.rollout.outcome})`;
  throw new CanaryError(
    'refused',
    `no rollout of ${service} runs${before}; begin one with sluice canary start`,
  );
};

/** @throws CanaryError where it says nothing new */
export const commanded = (rollout: Rollout, command: CommandName, said: By & { at: number }): Rollout => {
  const { paused, wish } = rollout;
  const because = said.reason === undefined ? '' : `: ${said.reason}`;
  switch (command) {
    case 'pause':
      if (paused !== undefined) throw new CanaryError('refused', `it is paused already, by ${paused.actor}`);
      return tell({ ...rollout, paused: said }, said.at, `paused by ${said.actor}${because}`);
    case 'resume':
      if (paused === undefined) throw new CanaryError('refused', 'it is not paused');
      return tell(without(rollout, 'paused'), said.at, `resumed by ${said.actor}${because}`);
    case 'promote':
    case 'abort':
      if (wish?.kind === command) throw new CanaryError('refused', `${wish.actor} asked for that already`);
      return { ...rollout, wish: { ...said, kind: command } };
  }
};
