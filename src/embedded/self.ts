import type { Catalog } from './catalog.ts';
import type { Changes } from './changes.ts';
import type { NodeRow } from './rows.ts';

/** Consul's servers are a service of this name, in the catalog but not among the agent's own. */
export const SERVER_SERVICE = 'consul';

/** The node's own health, as the gossip of a real cluster tells it. Like the server's entry, not the agent's. */
export const SERF_CHECK = 'serfHealth';

/** What a Consul of one node has in its catalog before anybody has registered. */
export const registerSelf = (catalog: Catalog, changes: Changes, self: NodeRow, port: number): void =>
  changes.commit(moment => {
    catalog.putNode(moment, self);
    catalog.putService(moment, {
      Node: self.Node,
      ID: SERVER_SERVICE,
      Service: SERVER_SERVICE,
      Tags: [],
      Meta: {},
      Port: port,
      Address: '',
      Weights: { Passing: 1, Warning: 1 },
      EnableTagOverride: false,
    });
    catalog.putCheck(moment, {
      Node: self.Node,
      CheckID: SERF_CHECK,
      Name: 'Serf Health Status',
      Status: 'passing',
      Notes: '',
      Output: 'Agent alive and reachable',
      ServiceID: '',
      ServiceName: '',
      ServiceTags: [],
      Type: '',
    });
  });
