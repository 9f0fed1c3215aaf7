import { register } from '../test/support/service.ts';
import { RULE_SERVICES, RULES } from './rule-path.ts';
import type { Upstream } from './upstream.ts';

/** What a gateway should show once it has read all that was registered. */
export interface Expected {
  readonly routes: number;
  /** Without Consul itself, which is in its catalog, too. */
  readonly instances: number;
}

export type CatalogName = 'web' | 'one rule' | 'many rules';

/**
 * What the services of a run are.
 *
 * The two of the case of rules have as many instances, and so as many pools of connections: only their rules
 * differ.
 */
export const CATALOGS: Readonly<
  Record<CatalogName, (consul: string, upstream: Upstream) => Promise<Expected>>
> = {
  /** One service for everything in two versions, and the echoes. */
  web: async (consul, { ports, echoPort, grpcPort }) => {
    await register(consul, { ID: 'web-1', Name: 'web', Port: ports[0], Tags: ['path=/', 'version=v1'] });
    await register(consul, { ID: 'web-2', Name: 'web', Port: ports[1], Tags: ['path=/', 'version=v2'] });
    await register(consul, { ID: 'echo-1', Name: 'echo', Port: echoPort, Tags: ['path=/ws'] });
    const calls = ['path=/bench.Echo', 'proto=h2c'];
    await register(consul, { ID: 'calls-1', Name: 'calls', Port: grpcPort, Tags: calls });
    return { routes: 3, instances: 4 };
  },

  'one rule': async (consul, { ports }) => {
    for (let s = 0; s < RULE_SERVICES; s += 1) await enter(consul, s, 'all', ports[0], ['path=/']);
    return { routes: 1, instances: RULE_SERVICES };
  },

  'many rules': async (consul, { ports }) => {
    for (let s = 0; s < RULE_SERVICES; s += 1) {
      const tags = Array.from({ length: RULES / RULE_SERVICES }, (_, p) => `path=/s${s}/p${p}`);
      await enter(consul, s, `s${s}`, ports[0], tags);
    }
    return { routes: RULES, instances: RULE_SERVICES };
  },
};

/** Instance number `s`, with a node of its own: an agent would take 10 ms for each, the catalog takes them at once. */
const enter = async (
  consul: string,
  s: number,
  service: string,
  port: number,
  tags: readonly string[],
): Promise<void> => {
  const answer = await fetch(`http://${consul}/v1/catalog/register`, {
    method: 'PUT',
    body: JSON.stringify({
      Node: `node-${s}`,
      Address: '127.0.0.1',
      Service: { ID: `${service}-${s}`, Service: service, Address: '127.0.0.1', Port: port, Tags: tags },
    }),
  });
  if (!answer.ok) throw new Error(`the catalog took no service: ${answer.status} ${await answer.text()}`);
};
