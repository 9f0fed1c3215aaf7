import { readdirSync, readlinkSync } from 'node:fs';
import { metric, readText } from '../metrics.ts';
import { usageOf } from '../process-tree.ts';
import type { RunningSluice } from '../sluice.ts';

/** What a gateway holds at one moment. */
export interface Holding {
  /** Bytes of heap after a full collection. */
  readonly heap: number;
  /** Bytes resident. */
  readonly rss: number;
  /** Active handles of the event loop. */
  readonly handles: number;
  /** Open sockets of the process. */
  readonly sockets: number;
}

/** Whether a figure's trend decides; resident memory follows the heap's peaks and the allocator's habits. */
export const FIGURES: Readonly<
  Record<keyof Holding, { readonly unit: string; readonly per: number; readonly decides: boolean }>
> = {
  heap: { unit: 'MB', per: 1e6, decides: true },
  rss: { unit: 'MB', per: 1e6, decides: false },
  handles: { unit: '', per: 1, decides: true },
  sockets: { unit: '', per: 1, decides: true },
};

export const look = async ({ admin, pid }: RunningSluice): Promise<Holding> => {
  process.kill(pid, 'SIGUSR2');
  const page = await readText(`${admin}/metrics`);
  return {
    heap: metric(page, 'nodejs_heap_size_used_bytes'),
    rss: usageOf(pid).rss,
    handles: metric(page, 'nodejs_active_handles_total'),
    sockets: socketsOf(pid),
  };
};

const socketsOf = (pid: number): number => {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).filter(fd => targetOf(`${folder}/${fd}`).startsWith('socket:')).length;
};

const targetOf = (link: string): string => {
  try {
    return readlinkSync(link);
  } catch {
    // Closed meanwhile.
    return '';
  }
};
