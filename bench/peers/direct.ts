import type { Peer } from './peer.ts';

/** No proxy: what upstream and load alone can do on this machine. */
export const directPeer: Peer = {
  name: 'direct',
  about: 'no proxy: the upstream itself',
  missing: () => undefined,
  version: () => '',
  start: async ({ upstream }) => ({
    port: upstream.ports[0],
    echoPort: upstream.echoPort,
    pid: undefined,
    stop: async () => {},
  }),
};
