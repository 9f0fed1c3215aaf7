import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { endWithUs } from '../../test/support/child.ts';
import type { Answer, Held, Job, Latency, Load, Messages, Requests, Throughput } from './load.ts';

/** The load that wrk has no part in, in a process of its own, so that nothing else delays it. One job at a time. */
export interface LoadProcess {
  /** An open loop at so many a second (drive.ts). @throws where a connection can't be opened */
  atRate(load: Load, port: number, rate: number, warmUp: number, seconds: number): Promise<Latency>;
  /** As many messages as come back. @throws where a connection can't be opened */
  saturate(load: Messages, port: number, seconds: number): Promise<Throughput>;
  /** Opens `load.connections`, makes one request on each and keeps them. @throws where one gets no good answer */
  hold(load: Requests, port: number): Promise<Held>;
  /** Closes what is held. @returns how many were still open */
  release(): Promise<Held>;
  stop(): Promise<void>;
}

/** A job may take so much longer than its seconds. */
const GRACE_MS = 30_000;

export const startLoadProcess = (stopping: AbortSignal): LoadProcess => {
  const child = endWithUs(
    fork(fileURLToPath(new URL('client.ts', import.meta.url)), {
      execArgv: ['--import', 'tsx'],
      detached: true,
    }),
  );
  const exited = once(child, 'exit');

  const run = async (job: Job): Promise<unknown> => {
    const seconds = 'seconds' in job ? job.seconds : 0;
    const late = AbortSignal.timeout(seconds * 1_000 + GRACE_MS);
    const answered = once(child, 'message', { signal: AbortSignal.any([stopping, late]) });
    child.send(job);
    const died = exited.then(() => {
      throw new Error('the load process ended');
    });
    const [answer] = (await Promise.race([answered, died])) as [Answer];
    if ('error' in answer) throw new Error(answer.error);
    return answer.result;
  };

  return {
    atRate: (load, port, rate, warmUp, seconds) =>
      run({ kind: 'rate', load, port, rate, warmUp, seconds }) as Promise<Latency>,
    saturate: (load, port, seconds) => run({ kind: 'saturate', load, port, seconds }) as Promise<Throughput>,
    hold: (load, port) => run({ kind: 'hold', load, port }) as Promise<Held>,
    release: () => run({ kind: 'release' }) as Promise<Held>,
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
};
