import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Addresses, dialArguments } from './commands.ts';
import { readDial } from './dial.ts';
import { findPorts } from './ports.ts';
import { createProcesses, neutralEnv, type Processes, type ProcessSpec } from './processes.ts';

const file = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** As `npx sluice` and `npx sluice-sidecar` run it, without npx in between, which would hide the process's id. */
const SLUICE = [process.execPath, file('dist/src/cli/main.js')] as const;
const SIDECAR = [process.execPath, file('dist/sidecar/main.js')] as const;
const TYPESCRIPT = [process.execPath, '--import', 'tsx'] as const;

export interface Stage {
  /** Settles once the first request was answered, or never will be. */
  readonly started: Promise<void>;
  /** Rejects as soon as a process ends by itself. */
  readonly died: Promise<never>;
  stop(hurry: AbortSignal): Promise<void>;
}

/**
 * Starts the gateway, what it needs, and the services; turns the dial to 90 and 10; and waits for a first answer.
 *
 * @param stopping aborts that as well
 */
export const createStage = (addresses: Addresses, stopping: AbortSignal): Stage => {
  const processes = createProcesses(stopping);
  const folder = mkdtempSync(join(tmpdir(), 'sluice-demo-'));
  return {
    started: start(processes, addresses, folder, stopping),
    died: processes.died,
    stop: async hurry => {
      await processes.stop(hurry);
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

const start = async (
  processes: Processes,
  addresses: Addresses,
  folder: string,
  stopping: AbortSignal,
): Promise<void> => {
  const { gateway, admin, consul, otlp, redis } = addresses;
  const flags = [
    ...['--listen', gateway, '--admin', admin, '--consul', consul, '--otlp', `http://${otlp}`],
    ...['--access-log', 'off', '--log-level', 'warn', '--drain', '2s'],
  ];
  if (redis === undefined) {
    const dev: ProcessSpec = { name: 'sluice dev', command: [...SLUICE, 'dev', ...flags] };
    await processes.start([dev], () => answers(`http://${admin}/readyz`));
  } else {
    await processes.start(await servers(consul, redis, folder), () => hasLeader(consul));
    const command = [...SLUICE, 'gateway', ...flags, '--redis', `redis://${redis}`] as const;
    await processes.start([{ name: 'sluice gateway', command }], () => answers(`http://${admin}/readyz`));
  }
  await processes.start(await services(addresses), async () => {
    const [orders, users] = await Promise.all([readDial(admin, 'orders'), readDial(admin, 'users')]);
    return orders.versions.length === 2 && users.versions.length === 1;
  });
  const [node, main] = SLUICE;
  const dial = dialArguments(['v1=90', 'v2=10'], addresses);
  await promisify(execFile)(node, [main, ...dial, '--reason', 'the demo begins'], {
    env: neutralEnv(),
    signal: stopping,
  });
  await processes.start([], () => answers(`http://${gateway}/orders/1`));
};

/** Consul and Redis as anyone starts them to try something, on ports of their own, with nothing kept. */
const servers = async (consul: string, redis: string, folder: string): Promise<ProcessSpec[]> => {
  const port = (address: string): string => address.split(':')[1] ?? '';
  const [serfLan, serfWan, server] = await findPorts([0, 0, 0]);
  return [
    {
      name: 'consul',
      command: [
        ...(['consul', 'agent', '-dev', '-bind', '127.0.0.1', '-log-level', 'warn'] as const),
        ...['-http-port', port(consul), '-dns-port', '-1', '-grpc-port', '-1'],
        ...['-serf-lan-port', `${serfLan}`, '-serf-wan-port', `${serfWan}`, '-server-port', `${server}`],
      ],
    },
    {
      name: 'redis-server',
      command: ['redis-server', '--bind', '127.0.0.1', '--port', port(redis), '--dir', folder, '--save', ''],
    },
  ];
};

/** What a deployment tells its services, by the variables that Consul, Redis and OpenTelemetry have made known. */
const services = async ({ admin, consul, otlp, redis }: Addresses): Promise<ProcessSpec[]> => {
  const env = {
    CONSUL_HTTP_ADDR: consul,
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://${otlp}`,
    // One gateway that watches closely has seen a deregistration long before the default of two seconds.
    SLUICE_SIDECAR_DRAIN: '250ms',
    ...(redis === undefined ? { SLUICE_ADMIN: admin } : { REDIS_URL: `redis://${redis}` }),
  };
  const [v1, v2, users] = await findPorts([0, 0, 0]);
  return [
    {
      name: 'orders v1 (Express, SDK)',
      command: [...TYPESCRIPT, file('examples/orders-express.ts')],
      env: { ...env, PORT: `${v1}`, VERSION: 'v1' },
    },
    {
      name: 'orders v2 (plain, behind sluice-sidecar)',
      command: [
        ...SIDECAR,
        ...['--service', 'orders', '--version', 'v2', '--path', '/orders', '--port', `${v2}`],
        ...['--inbound', '127.0.0.1:0', '--log-level', 'warn'],
        ...['--', process.execPath, file('examples/orders-plain.mjs')],
      ],
      env,
    },
    {
      name: 'users (Fastify, SDK)',
      command: [...TYPESCRIPT, file('examples/users-fastify.ts')],
      env: { ...env, PORT: `${users}` },
    },
  ];
};

const answers = async (url: string): Promise<boolean> => {
  const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
  await response.body?.cancel();
  return response.ok;
};

const hasLeader = async (consul: string): Promise<boolean> => {
  const response = await fetch(`http://${consul}/v1/status/leader`, { signal: AbortSignal.timeout(1_000) });
  return response.ok && (await response.json()) !== '';
};
