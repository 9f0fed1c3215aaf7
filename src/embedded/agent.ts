import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { ListenError } from '../core/listen-error.ts';
import { formatHostPort, type HostPort } from '../core/values.ts';
import type { Log } from '../telemetry/log.ts';
import { Catalog } from './catalog.ts';
import { Changes } from './changes.ts';
import { type Clock, systemClock } from './clock.ts';
import { createApiServer } from './http.ts';
import { KvStore } from './kv-store.ts';
import { LocalAgent } from './local-agent.ts';
import { agentRoutes } from './routes/agent.ts';
import { catalogRoutes } from './routes/catalog.ts';
import { catalogWriteRoutes } from './routes/catalog-writes.ts';
import { healthRoutes } from './routes/health.ts';
import { kvRoutes } from './routes/kv.ts';
import type { NodeRow } from './rows.ts';
import { registerSelf } from './self.ts';

export interface EmbeddedAgentOptions {
  readonly listen: HostPort;
  readonly log: Log;
  /** Turns TTLs, check intervals, waits and the reaper. The system's unless said. */
  readonly clock?: Clock;
  /** Draws from [0, 1) for the jitter of waits. */
  readonly chance?: () => number;
}

export interface EmbeddedAgent {
  /** `host:port`, for `CONSUL_HTTP_ADDR`. */
  readonly address: string;
  /** Queries that wait at present. */
  waiting(): number;
  /** Ends checks, waits and connections. Nothing is kept: the next start is an empty catalog. */
  stop(): Promise<void>;
}

/**
 * The part of Consul's HTTP API that services, sidecars and the gateway use, in this process and in memory
 * only: for `sluice dev` and for tests. One node, one data centre (`dc1`), no ACLs.
 *
 * @throws ListenError
 */
export const startEmbeddedAgent = async ({
  listen,
  log,
  clock = systemClock,
  chance = Math.random,
}: EmbeddedAgentOptions): Promise<EmbeddedAgent> => {
  const changes = new Changes();
  const catalog = new Catalog();
  const self = describeNode(listen.host);
  const agent = new LocalAgent({ node: self.Node, catalog, changes, clock, log });
  let address = '';
  const routes = [
    ...agentRoutes(agent, catalog, self),
    ...catalogRoutes(catalog, () => address),
    ...catalogWriteRoutes(catalog, changes, self),
    ...healthRoutes(catalog),
    ...kvRoutes(new KvStore(changes)),
  ];
  const server = createApiServer(routes, { changes, clock, chance }, log);
  const { port } = await listening(server, listen);
  address = formatHostPort({ host: self.Address, port });
  registerSelf(catalog, changes, self, port);
  return {
    address,
    waiting: () => changes.waiting,
    stop: async () => {
      agent.stop();
      const closed = new Promise(resolve => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
};

const LOOPBACK_OF = new Map([
  ['', '127.0.0.1'],
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
]);

/** Services that name no address are reached at their node's: with every address listened on, this machine. */
const describeNode = (host: string): NodeRow => {
  const address = LOOPBACK_OF.get(host) ?? host;
  return {
    ID: randomUUID(),
    Node: hostname(),
    Address: address,
    Datacenter: 'dc1',
    TaggedAddresses: { lan: address, wan: address },
    Meta: { 'consul-network-segment': '' },
  };
};

const listening = (server: Server, at: HostPort): Promise<AddressInfo> =>
  new Promise((resolve, reject) => {
    const refuse = (cause: NodeJS.ErrnoException): void => reject(new ListenError(at, cause));
    server.once('error', refuse);
    server.listen({ port: at.port, ...(at.host === '' ? {} : { host: at.host }) }, () => {
      server.off('error', refuse);
      resolve(server.address() as AddressInfo);
    });
  });
