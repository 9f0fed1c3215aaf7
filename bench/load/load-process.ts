import { EventEmitter, once } from 'node:events';
import { forkLoad } from './fork-load.ts';
import type { Answer, Held, Job, Latency, Load, Requests, Throughput, Work } from './load.ts';

/** The load that wrk has no part in (fork-load.ts). One job at a time. */
export interface LoadProcess {
  /** An open loop at so many a second (drive.ts). @throws where a connection can't be opened */
  atRate(load: Load, port: number, rate: number, warmUp: number, seconds: number): Promise<Latency>;
  /** As many as are answered. @throws where a connection can't be opened */
  saturate(load: Load, port: number, seconds: number): Promise<Throughput>;
  /** Opens `load.connections`, makes one request on each and keeps them. @throws where one gets no good answer */
  hold(load: Requests, port: number): Promise<Held>;
  /** Closes what is held. @returns how many were still open */
  release(): Promise<Held>;
  stop(): Promise<void>;
}

/** A job may take so much longer than its seconds. */
const GRACE_MS = 30_000;

export const startLoadProcess = (stopping: AbortSignal): LoadProcess => {
  const { child, outlived, stop } = forkLoad(new URL('client.ts', import.meta.url));
  // By the number of the job: a late answer must not be taken for another's.
  const answers = new EventEmitter();
  child.on('message', (answer: Answer) => answers.emit(`${answer.id}`, answer));
  let jobs = 0;

  const run = async (work: Work): Promise<unknown> => {
    jobs += 1;
    const seconds = work.kind === 'rate' ? work.warmUp + work.seconds : 'seconds' in work ? work.seconds : 0;
    const late = AbortSignal.timeout(seconds * 1_000 + GRACE_MS);
    const answered = once(answers, `${jobs}`, { signal: AbortSignal.any([stopping, late]) });
    const job: Job = { id: jobs, work };
    child.send(job);
    const [answer] = (await outlived(answered)) as [Answer];
    if ('error' in answer) throw new Error(answer.error);
    return answer.result;
  };

  return {
    atRate: (load, port, rate, warmUp, seconds) =>
      run({ kind: 'rate', load, port, rate, warmUp, seconds }) as Promise<Latency>,
    saturate: (load, port, seconds) => run({ kind: 'saturate', load, port, seconds }) as Promise<Throughput>,
    hold: (load, port) => run({ kind: 'hold', load, port }) as Promise<Held>,
    release: () => run({ kind: 'release' }) as Promise<Held>,
    stop,
  };
};
