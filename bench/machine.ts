import { cpus, loadavg, release } from 'node:os';

/** Where and when figures were taken. */
export interface Machine {
  readonly date: string;
  readonly cores: number;
  readonly cpu: string;
  readonly kernel: string;
  readonly node: string;
  /** One-minute load average before the run. */
  readonly load: number;
}

export const describeMachine = (): Machine => ({
  date: new Date().toISOString(),
  cores: cpus().length,
  cpu: cpus()[0]?.model ?? 'unknown',
  kernel: release(),
  node: process.version,
  load: loadavg()[0] ?? 0,
});

/** From this share of the cores on, what else runs moves the figures. */
const BUSY = 0.25;

export const isBusy = ({ load, cores }: Machine): boolean => load > cores * BUSY;
