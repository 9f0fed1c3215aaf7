import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { constants, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningGateway, runGateway } from '../../test/support/processes.ts';
import { type ConsulServer, startConsul } from '../../test/support/servers.ts';
import { eventually } from '../../test/support/wait.ts';
import { metric, readText } from '../metrics.ts';
import { usageOf } from '../process-tree.ts';
import { startInTurn } from '../start-in-turn.ts';
import { startTwoVersions } from '../two-versions.ts';
import { type CatalogSize, type CatalogWriter, openCatalog } from './catalog.ts';

/** A gateway in front of a large catalog. */
export interface Stage {
  readonly catalog: CatalogWriter;
  /** That of a second Consul, as large, which no gateway follows. */
  readonly beside: CatalogWriter;
  /** Of the program behind all instances, which says `one` at the first and `two` at the second. */
  readonly ports: readonly [number, number];
  /** `http://127.0.0.1:PORT` of the gateway, for traffic and for its admin API. */
  readonly front: string;
  readonly admin: string;
  /** `127.0.0.1:PORT` */
  readonly consul: string;
  /** The folder of its route documents. */
  readonly routes: string;
  /** From the start of the process until it served. */
  readonly readyMs: number;
  connections(): number;
  /** Bytes resident. */
  rss(): number;
  /** Microseconds of CPU that were used so far. */
  cpu(): { readonly gateway: number; readonly consul: number };
  /** Requests to Consul so far. */
  requests(): Promise<number>;
  held(): Promise<HeldUp>;
  stop(): Promise<void>;
}

/** For how long the event loop was held up at most since the last call, in milliseconds. */
export interface HeldUp {
  /** By what ran meanwhile. */
  readonly workMs: number;
  /** With all waiting for a core that others had. */
  readonly maxMs: number;
}

export interface StageOptions extends CatalogSize {
  /** Further arguments of the gateway. */
  readonly args?: readonly string[];
  readonly say?: (line: string) => void;
}

/** Ends all that it started, whatever becomes of it. */
export const openStage = async ({ args = [], say = () => {}, ...size }: StageOptions): Promise<Stage> => {
  return startInTurn(async endBy => {
    const { ports, stop } = await startTwoVersions();
    endBy(stop);
    const openConsul = async (): Promise<{ consul: ConsulServer; catalog: CatalogWriter }> => {
      const consul = await startConsul();
      endBy(consul.stop);
      giveWay(consul.pid);
      const catalog = openCatalog(consul.address);
      endBy(catalog.close);
      await catalog.fill(size, ports[0]);
      return { consul, catalog };
    };
    say(`filling two Consuls with ${size.services} services of ${size.instances} instances each`);
    const { consul, catalog } = await openConsul();
    const { catalog: beside } = await openConsul();
    const routes = await mkdtemp(join(tmpdir(), 'sluice-scale-'));
    endBy(() => rm(routes, { recursive: true }));
    say('starting a gateway');
    const began = performance.now();
    const gateway = await runGateway(
      ['--consul', consul.address, '--redis', 'off', '--access-log', 'off', '--routes', routes, ...args],
      { env: { NODE_OPTIONS: `--import ${new URL('loop-watch.mjs', import.meta.url).href}` } },
    );
    endBy(() => gateway.stop());
    const front = await gateway.serving(60_000);
    const readyMs = performance.now() - began;
    return {
      catalog,
      beside,
      ports,
      front,
      admin: gateway.admin,
      consul: consul.address,
      routes,
      readyMs,
      connections: () => connectionsTo(consul.address, gateway.pid),
      rss: () => usageOf(gateway.pid).rss,
      cpu: () => ({ gateway: usageOf(gateway.pid).cpu, consul: usageOf(consul.pid).cpu }),
      requests: async () =>
        metric(await readText(`${gateway.admin}/metrics`), 'sluice_consul_requests_total'),
      held: () => heldUp(gateway),
    };
  });
};

/** In earnest Consul's servers have cores of their own. Here, whoever is measured goes before it (setpriority(2): by thread). */
const giveWay = (pid: number): void => {
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    setPriority(Number(thread), constants.priority.PRIORITY_LOW);
  }
};

/** Open connections of a process to a port of 127.0.0.1, as the kernel lists them (proc(5)). */
const connectionsTo = (address: string, pid: number): number => {
  const port = Number(address.split(':')[1]).toString(16).toUpperCase().padStart(4, '0');
  const own = new Set(readdirSync(`/proc/${pid}/fd`).map(fd => linkOf(`/proc/${pid}/fd/${fd}`)));
  const rows = readFileSync(`/proc/${pid}/net/tcp`, 'utf8').split('\n');
  return rows.filter(row => {
    // sl, local, remote, state (01 is established), four more, inode.
    const [, , remote, state, , , , , , inode] = row.trim().split(/\s+/);
    return remote === `0100007F:${port}` && state === '01' && own.has(`socket:[${inode}]`);
  }).length;
};

const linkOf = (path: string): string => {
  try {
    return readlinkSync(path);
  } catch {
    // Closed meanwhile.
    return '';
  }
};

const heldUp = async (gateway: RunningGateway): Promise<HeldUp> => {
  const lines = (): HeldUp[] =>
    gateway
      .log()
      .filter(({ msg }) => msg === 'event loop')
      .map(({ maxMs, workMs }) => ({ maxMs: Number(maxMs), workMs: Number(workMs) }));
  const before = lines().length;
  gateway.signal('SIGUSR2');
  return eventually(() => lines()[before], { within: 10_000, hint: 'the gateway tells of its event loop' });
};
