import { execFileSync } from 'node:child_process';
import { onPath, ROOT } from '../../test/support/child.ts';
import { type SluiceSetup, startSluice } from '../sluice.ts';
import type { Peer } from './peer.ts';

/**
 * Sluice as its users run it: the built command with a Consul, weights of two versions in a Redis, metrics and
 * health on, traces exported to a live receiver. Only the access log is off, as it is with the others.
 */
export const sluicePeer = (name: string, about: string, setup: SluiceSetup): Peer => ({
  name,
  about,
  missing: () => {
    const absent = ['consul', 'redis-server'].filter(program => onPath(program) === undefined);
    return absent.length === 0 ? undefined : `without ${absent.join(' and ')} (bash scripts/servers.sh)`;
  },
  version: commit,
  speaks: ['tls', 'http2', 'grpc'],
  start: async ({ upstream, certificate }) => {
    const sluice = await startSluice(upstream, setup, certificate);
    const { port } = sluice;
    return {
      ...sluice,
      echoPort: port,
      grpcPort: port,
      problems: sluice.lostSpans,
      reasons: sluice.ownErrors,
    };
  },
});

const commit = (): string => {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
};
