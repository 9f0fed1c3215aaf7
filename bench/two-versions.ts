import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { endWithUs } from '../test/support/child.ts';

/** A program that answers `one` at its first port and `two` at its second. */
export const startTwoVersions = async (): Promise<{
  ports: [number, number];
  stop: () => Promise<unknown>;
}> => {
  const child = endWithUs(fork(fileURLToPath(new URL('two-versions.mjs', import.meta.url))));
  const exited = once(child, 'exit');
  const [ports] = (await once(child, 'message')) as [[number, number]];
  return {
    ports,
    stop: () => {
      child.disconnect();
      return exited;
    },
  };
};
