import type { HostPort } from '../core/values.ts';
import type { RedisTarget } from './url.ts';

/** Puts one command to one node. */
export type Ask = (node: HostPort, command: string, ...args: string[]) => Promise<unknown>;

/** The server to talk to, and which nodes may be asked the next time. */
export interface Found {
  readonly server: HostPort;
  readonly nodes: readonly HostPort[];
}

/**
 * Finds the server that serves our keys now, by asking one node after the other.
 *
 * @param nodes those of the target, or those that the last answer named
 * @param slot in a cluster, that of our keys
 * @throws Error that says what the nodes answered
 */
export const locate = async (
  target: RedisTarget,
  nodes: readonly HostPort[],
  slot: number,
  ask: Ask,
): Promise<Found> => {
  const failures: string[] = [];
  for (const node of nodes) {
    try {
      const found = await LOCATE[target.mode](target, node, slot, ask);
      if (found !== undefined) return found;
      failures.push(`${node.host}:${node.port} knows no ${target.master || `node for slot ${slot}`}`);
    } catch (error) {
      failures.push(`${node.host}:${node.port}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error(failures.join('; '));
};

type Locate = (target: RedisTarget, node: HostPort, slot: number, ask: Ask) => Promise<Found | undefined>;

const LOCATE: Readonly<Record<RedisTarget['mode'], Locate>> = {
  single: async ({ nodes }) => ({ server: nodes[0], nodes }),
  sentinel: async ({ nodes, master }, node, _slot, ask) => {
    const answer = await ask(node, 'SENTINEL', 'get-master-addr-by-name', master);
    const server = Array.isArray(answer) ? toNode(answer, node) : undefined;
    return server === undefined ? undefined : { server, nodes };
  },
  cluster: async ({ nodes }, node, slot, ask) => {
    const ranges = (await ask(node, 'CLUSTER', 'SLOTS')) as readonly SlotRange[];
    const range = ranges.find(([from, to]) => from <= slot && slot <= to);
    const members = ranges.flatMap(([, , ...each]) => each.map(member => toNode(member, node)));
    const server = range?.[2] === undefined ? undefined : toNode(range[2], node);
    // Nodes come and go; those that were configured are the last resort.
    const known = [node, ...members.filter(member => member !== undefined), ...nodes];
    return server === undefined ? undefined : { server, nodes: withoutDoubles(known) };
  },
};

/** CLUSTER SLOTS: first and last slot, then the primary and its replicas, each with address, port and more. */
type SlotRange = readonly [from: number, to: number, ...nodes: (readonly unknown[])[]];

/** A node that does not know its own address leaves it empty: it is the one that we asked. */
const toNode = ([host, port]: readonly unknown[], asked: HostPort): HostPort | undefined => {
  const number = Number(port);
  if (!(number > 0)) return undefined;
  return { host: typeof host === 'string' && host !== '' ? host : asked.host, port: number };
};

const withoutDoubles = (nodes: readonly HostPort[]): HostPort[] => [
  ...new Map(nodes.map(node => [`${node.host}:${node.port}`, node])).values(),
];
