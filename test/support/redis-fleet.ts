import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { ROOT } from './child.ts';
import {
  answersPing,
  freePorts,
  ownFolder,
  type RedisServer,
  startRedis,
  supervise,
  type TestServer,
} from './servers.ts';
import { eventually } from './wait.ts';

/** What docs/operations.md tells people to grant, for `ACL SETUSER`. */
export const documentedRights = (whom: string): string[] => {
  const page = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');
  const [, rights] = new RegExp(`^ {4}${whom} {2,}(.*)$`, 'm').exec(page) ?? [];
  if (rights === undefined) throw new Error(`docs/operations.md does not name the rights of ${whom}`);
  return rights.trim().split(' ');
};

/** Runs one command of an operator. */
export const ask = async (port: number, command: string, ...args: string[]): Promise<unknown> => {
  const client = new Redis({ port, lazyConnect: true, retryStrategy: null });
  client.on('error', () => {});
  try {
    await client.connect();
    return await client.call(command, ...args);
  } finally {
    client.disconnect();
  }
};

/** A Sentinel that fails over half a second after it lost sight of the primary, which it calls `main`. */
export const startSentinel = async (
  primary: number,
  config: readonly string[] = [],
): Promise<TestServer & { readonly port: number }> => {
  const { port } = await freePorts(['port']);
  const folder = ownFolder('sentinel');
  const file = join(folder, 'sentinel.conf');
  const lines = [
    ...[`port ${port}`, 'bind 127.0.0.1', `dir ${folder}`, `sentinel monitor main 127.0.0.1 ${primary} 1`],
    ...config,
    ...['sentinel down-after-milliseconds main 500', 'sentinel failover-timeout main 5000'],
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  const server = await supervise({
    ...{ binary: 'redis-server', args: [file, '--sentinel'], folder, keepsData: true },
    ready: () => answersPing(port),
    wipe: () => {},
  });
  return Object.assign(server, { port });
};

/** @returns once it has all data of its primary */
export const startReplica = async (primary: number, args: readonly string[] = []): Promise<RedisServer> => {
  await ask(primary, 'CONFIG', 'SET', 'repl-diskless-sync-delay', '0');
  const replicaOf = ['--replicaof', '127.0.0.1', `${primary}`];
  const replica = await startRedis({ persist: false, args: [...replicaOf, ...args] });
  await eventually(
    async () => String(await ask(replica.port, 'INFO', 'replication')).includes('master_link_status:up'),
    { within: 10_000, hint: 'the replica follows' },
  );
  return replica;
};

export interface RedisCluster {
  readonly primaries: readonly RedisServer[];
  /** Of the primary that has the slot. */
  readonly replica: RedisServer;
  /** That primary. */
  readonly owner: RedisServer;
  stop(): Promise<void>;
}

/** Three primaries, and a replica for the one that has this slot; who is gone for a second is failed over. */
export const startCluster = async (slot: number, more: readonly string[] = []): Promise<RedisCluster> => {
  const startNode = async (): Promise<RedisServer> => {
    const { bus } = await freePorts(['bus']);
    const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000', '--cluster-port', `${bus}`];
    const node = await startRedis({ persist: false, args: [...args, ...more] });
    buses.set(node, bus);
    return node;
  };
  const buses = new Map<RedisServer, number>();
  const [a, b, c, replica] = await Promise.all([startNode(), startNode(), startNode(), startNode()]);
  const primaries = [a, b, c];
  for (const [i, { port }] of primaries.entries()) {
    const [from, to] = RANGES[i] ?? [];
    await ask(port, 'CLUSTER', 'ADDSLOTSRANGE', `${from}`, `${to}`);
    await ask(port, 'CLUSTER', 'SET-CONFIG-EPOCH', `${i + 1}`);
  }
  for (const node of [b, c, replica]) {
    await ask(a.port, 'CLUSTER', 'MEET', '127.0.0.1', `${node.port}`, `${buses.get(node)}`);
  }
  const owner = primaries[RANGES.findIndex(([from, to]) => from <= slot && slot <= to)] ?? a;
  const id = String(await ask(owner.port, 'CLUSTER', 'MYID'));
  await eventually(async () => (await ask(replica.port, 'CLUSTER', 'REPLICATE', id)) === 'OK', {
    within: 10_000,
    hint: 'the replica knows its primary',
  });
  for (const { port } of [...primaries, replica]) {
    await eventually(
      async () => {
        const info = String(await ask(port, 'CLUSTER', 'INFO'));
        const nodes = String(await ask(port, 'CLUSTER', 'NODES'));
        return info.includes('cluster_state:ok') && nodes.includes(`slave ${id}`);
      },
      { within: 20_000, hint: 'the cluster is well' },
    );
  }
  await eventually(
    async () => String(await ask(replica.port, 'INFO', 'replication')).includes('master_link_status:up'),
    { within: 10_000, hint: 'the replica follows' },
  );
  return {
    ...{ primaries, replica, owner },
    stop: async () => {
      await Promise.all([...primaries, replica].map(node => node.stop()));
    },
  };
};

const RANGES: readonly (readonly [from: number, to: number])[] = [
  [0, 5_460],
  [5_461, 10_922],
  [10_923, 16_383],
];

export interface Certificates {
  /** PEM files. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** An authority and a certificate of 127.0.0.1 that it signed. */
export const makeCertificates = (folder: string): Certificates => {
  const [ca, caKey, cert, key] = ['ca.pem', 'ca-key.pem', 'cert.pem', 'key.pem'].map(name =>
    join(folder, name),
  );
  const names = join(folder, 'names');
  writeFileSync(names, 'subjectAltName=IP:127.0.0.1\n');
  const openssl = (...args: (string | undefined)[]): void => {
    execFileSync('openssl', args.map(String), { stdio: 'ignore' });
  };
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  openssl('req', '-x509', ...fresh, '-subj', '/CN=test authority', '-keyout', caKey, '-out', ca);
  openssl(
    'req',
    ...fresh.slice(0, -2),
    '-subj',
    '/CN=redis',
    '-keyout',
    key,
    '-out',
    join(folder, 'request'),
  );
  openssl(
    ...['x509', '-req', '-in', join(folder, 'request'), '-CA', ca, '-CAkey', caKey, '-CAcreateserial'],
    ...['-days', '2', '-extfile', names, '-out', cert],
  );
  return { ca: String(ca), cert: String(cert), key: String(key) };
};
