import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endWithUs, mortal, onPath } from './child.ts';
import { eventually } from './wait.ts';

/** A real server of a test, on loopback, with a data folder of its own. Gone at the latest when the test is. */
export interface TestServer {
  readonly pid: number;
  /** Sends a signal and, where it ends the process, waits for its end. SIGKILL unless said. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Ends the process and removes its data. */
  stop(): Promise<void>;
  /** Ends it if it runs and starts it again on the same ports, with its data or without. */
  restart(options: { wipe: boolean }): Promise<void>;
}

export interface ConsulServer extends TestServer {
  /** `127.0.0.1:PORT` of the HTTP API. */
  readonly address: string;
}

export interface RedisServer extends TestServer {
  /** `redis://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
}

export interface ConsulPorts {
  readonly http: number;
  readonly server: number;
  readonly serfLan: number;
}

/** As in Consul's JSON files; `ports` adds to those that every test has. */
export interface ConsulConfig {
  readonly ports?: Readonly<Record<string, number>>;
  readonly [key: string]: unknown;
}

/**
 * A single-server Consul that has elected itself and registered its node.
 *
 * @param options.dev keep everything in memory (default; up in 0.2 s). Without it Consul keeps its data over
 *   `restart({ wipe: false })` and takes about 2 s to start
 * @param options.config further agent configuration
 */
export const startConsul = async (
  options: { dataDir?: string; ports?: ConsulPorts; config?: ConsulConfig; dev?: boolean } = {},
): Promise<ConsulServer> => {
  const ports = options.ports ?? (await freePorts(['http', 'server', 'serfLan']));
  const dev = options.dev ?? true;
  const address = `127.0.0.1:${ports.http}`;
  const folder = ownFolder('consul');
  const dataDir = options.dataDir ?? join(folder, 'data');
  const configFile = join(folder, 'config.json');
  writeFileSync(
    configFile,
    JSON.stringify({
      node_name: `node-${ports.http}`,
      bind_addr: '127.0.0.1',
      client_addr: '127.0.0.1',
      log_level: 'warn',
      disable_update_check: true,
      performance: { raft_multiplier: 1 },
      ports: {
        http: ports.http,
        server: ports.server,
        serf_lan: ports.serfLan,
        serf_wan: -1,
        dns: -1,
        grpc: -1,
        ...options.config?.ports,
      },
      ...(dev ? {} : { server: true, bootstrap_expect: 1, data_dir: dataDir }),
      ...withoutPorts(options.config),
    }),
  );
  const server = await supervise({
    binary: 'consul',
    args: ['agent', ...(dev ? ['-dev'] : []), '-config-file', configFile],
    folder,
    ready: async () => {
      const token = initialToken(options.config);
      const response = await fetch(`http://${address}/v1/health/state/any`, {
        headers: token === undefined ? {} : { 'X-Consul-Token': token },
        signal: AbortSignal.timeout(2000),
      });
      const checks: unknown = await response.json();
      // The leader's own node is in the catalog with its serf check: reads and writes work from here on.
      return Array.isArray(checks) && checks.length > 0;
    },
    wipe: () => rmSync(dataDir, { recursive: true, force: true }),
    keepsData: !dev,
  });
  return Object.assign(server, { address });
};

const withoutPorts = ({ ports: _, ...config }: ConsulConfig = {}): object => config;

/** The token that a test gave a Consul with ACLs as its first one. */
const initialToken = (config: ConsulConfig | undefined): string | undefined => {
  const acl = (config as { acl?: { tokens?: { master?: string } } } | undefined)?.acl;
  return acl?.tokens?.master;
};

/**
 * An empty Redis that answers PING.
 *
 * @param options.persist keep the data over `restart({ wipe: false })` (an append-only file)
 * @param options.args further arguments for redis-server, e.g. `['--requirepass', 'secret']`
 */
export const startRedis = async (
  options: { port?: number; persist?: boolean; args?: readonly string[] } = {},
): Promise<RedisServer> => {
  const port = options.port ?? (await freePorts(['redis'])).redis;
  const persist = options.persist ?? true;
  const folder = ownFolder('redis');
  const data = ['dump.rdb', 'appendonlydir'];
  const server = await supervise({
    binary: 'redis-server',
    args: [
      ...['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', ''],
      ...['--appendonly', persist ? 'yes' : 'no', '--appendfsync', 'always'],
      ...(options.args ?? []),
    ],
    folder,
    ready: () => answersPing(port),
    wipe: () => {
      for (const name of data) rmSync(join(folder, name), { recursive: true, force: true });
    },
    keepsData: persist,
  });
  return Object.assign(server, { port, url: `redis://127.0.0.1:${port}` });
};

/** Any answer but "still loading" means ready: with a password set it is an error, and that is an answer. */
export const answersPing = async (port: number): Promise<boolean> => {
  const socket = connect(port, '127.0.0.1');
  try {
    socket.end('PING\r\n');
    const [answer] = (await once(socket, 'data', { signal: AbortSignal.timeout(1000) })) as [Buffer];
    return !answer.toString().startsWith('-LOADING');
  } finally {
    socket.destroy();
  }
};

interface Supervised {
  readonly binary: string;
  readonly args: readonly string[];
  /** Holds the server's log; removed by `stop`. */
  readonly folder: string;
  readonly ready: () => Promise<boolean>;
  readonly wipe: () => void;
  readonly keepsData: boolean;
}

export const supervise = async ({
  binary,
  args,
  folder,
  ready,
  wipe,
  keepsData,
}: Supervised): Promise<TestServer> => {
  const path = findBinary(binary);
  const logFile = join(folder, 'log');
  let child = undefined as ChildProcess | undefined;

  const start = async (): Promise<void> => {
    const log = openSync(logFile, 'a');
    const [command, ...commandArgs] = mortal([path, ...args]);
    const started = endWithUs(spawn(command, commandArgs, { stdio: ['ignore', log, log] }));
    started.unref();
    child = started;
    try {
      await eventually(
        () => {
          if (hasEnded(started)) throw new Error(`${binary} ended with ${started.exitCode}`);
          return ready();
        },
        { within: 30_000, hint: `${binary} ready` },
      );
    } catch (cause) {
      await end('SIGKILL');
      const tail = readFileSync(logFile, 'utf8').split('\n').slice(-15).join('\n');
      throw new Error(`${binary} did not start; its log ends with:\n${tail}`, { cause });
    }
  };

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child === undefined || hasEnded(child)) return;
    // A stopped process would hold a deadly signal back, and one that is only stopped or continued lives on.
    const ended = ['SIGSTOP', 'SIGCONT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'].includes(signal)
      ? undefined
      : once(child, 'exit');
    // While somebody waits for its end it keeps this process alive; otherwise it must not.
    if (ended !== undefined) child.ref();
    child.kill(signal);
    await ended;
  };

  await start();
  return {
    get pid() {
      return child?.pid ?? 0;
    },
    kill: (signal = 'SIGKILL') => end(signal),
    stop: async () => {
      await end('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
    restart: async options => {
      if (!options.wipe && !keepsData) throw new Error(`this ${binary} keeps no data: restart it with wipe`);
      await end('SIGKILL');
      if (options.wipe) wipe();
      await start();
    },
  };
};

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

const folders = new Set<string>();
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export const ownFolder = (name: string): string => {
  const folder = mkdtempSync(join(tmpdir(), `sluice-${name}-`));
  folders.add(folder);
  return folder;
};

const findBinary = (name: string): string => {
  const path = onPath(name);
  if (path === undefined)
    throw new Error(`${name} is not on PATH: run \`bash scripts/servers.sh\` to get it`);
  return path;
};

/**
 * Ports of 127.0.0.1 that nobody listens on. They lie below the range that the kernel gives to outgoing
 * connections, so that they are still free when a server restarts.
 */
export const freePorts = async <Name extends string>(
  names: readonly Name[],
): Promise<Record<Name, number>> => {
  const found = new Set<number>();
  while (found.size < names.length) {
    const port = randomInt(18_000, 32_000);
    if (!found.has(port) && (await isFree(port))) found.add(port);
  }
  const ports = [...found];
  return Object.fromEntries(names.map((name, i) => [name, ports[i]])) as Record<Name, number>;
};

const isFree = async (port: number): Promise<boolean> => {
  const probe = createServer();
  try {
    const listening = once(probe, 'listening');
    probe.listen(port, '127.0.0.1');
    await listening;
    return true;
  } catch {
    return false;
  } finally {
    probe.close();
  }
};
