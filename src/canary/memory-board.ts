import type { Board, Kept } from './board.ts';
import { type Samples, sumFigures } from './figures.ts';
import { isOver } from './rollout.ts';

/** Rollouts that live as long as the process: `sluice dev` and `--redis off`. Its one gateway always leads. */
export const openMemoryBoard = (now: () => number = Date.now): Board => {
  const rollouts = new Map<string, Kept>();
  const figures = new Map<string, Samples>();
  return {
    beat: async counted => {
      const running = new Map<string, string>();
      for (const { rollout } of rollouts.values()) {
        if (!isOver(rollout)) running.set(rollout.service, rollout.id);
      }
      const ids = new Set(running.values());
      for (const id of figures.keys()) if (!ids.has(id)) figures.delete(id);
      for (const [id, samples] of counted) if (ids.has(id)) figures.set(id, samples);
      return { now: now(), running };
    },
    list: async () => [...rollouts.values()],
    read: async service => rollouts.get(service),
    keep: async (rollout, revision) => {
      if ((rollouts.get(rollout.service)?.revision ?? 0) !== revision) return 'conflict';
      rollouts.set(rollout.service, { rollout, revision: revision + 1 });
      return 'kept';
    },
    figures: async id => sumFigures([figures.get(id) ?? new Map()]),
    lead: async () => 1,
    fence: token => ({ key: '', token: `${token}` }),
    resign: async () => {},
    close: async () => {},
  };
};
