import { type Board, type Kept, type Running, runningOf } from './board.ts';
import { type Samples, sumFigures } from './figures.ts';

/** Rollouts that live as long as the process: `sluice dev` and `--redis off`. Its one gateway always leads. */
export const openMemoryBoard = (now: () => number = Date.now): Board => {
  const rollouts = new Map<string, Kept>();
  const figures = new Map<string, Samples>();
  return {
    beat: async counted => {
      const running = new Map<string, Running>();
      for (const { rollout } of rollouts.values()) {
        const what = runningOf(rollout);
        if (what !== undefined) running.set(rollout.service, what);
      }
      const ids = new Set([...running.values()].map(({ id }) => id));
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
