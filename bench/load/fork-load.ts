import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { endWithUs } from '../../test/support/child.ts';

/** A load in a process of its own, so that nothing else delays it. It ends with ours. */
export interface ForkedLoad {
  readonly child: ChildProcess;
  /** What is waited for. @throws where the process ends before */
  outlived<T>(by: Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

/** @param script its URL; TypeScript */
export const forkLoad = (script: URL): ForkedLoad => {
  const child = endWithUs(fork(fileURLToPath(script), { execArgv: ['--import', 'tsx'], detached: true }));
  const exited = once(child, 'exit');
  return {
    child,
    outlived: by =>
      Promise.race([
        by,
        exited.then(() => {
          throw new Error('the load process ended');
        }),
      ]),
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
};
