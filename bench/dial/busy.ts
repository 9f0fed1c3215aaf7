import { cpus } from 'node:os';

/** Begins to look how busy the machine is. @returns asked later: the share of all its cores that was used since, in [0, 1] */
export const watchBusy = (): (() => number) => {
  const before = times();
  return () => {
    const { busy, all } = times();
    return (busy - before.busy) / Math.max(1, all - before.all);
  };
};

const times = (): { busy: number; all: number } => {
  let busy = 0;
  let all = 0;
  for (const { times } of cpus()) {
    const used = times.user + times.nice + times.sys + times.irq;
    busy += used;
    all += used + times.idle;
  }
  return { busy, all };
};
