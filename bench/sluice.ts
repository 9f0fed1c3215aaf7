import { Redis } from 'ioredis';
import { ROOT } from '../test/support/child.ts';
import { type ConsulServer, freePorts, startConsul, startRedis } from '../test/support/servers.ts';
import { eventually } from '../test/support/wait.ts';
import { registerRules, registerWeb } from './catalog.ts';
import { metric, readText } from './metrics.ts';
import { startProgram } from './programs.ts';
import type { Upstream } from './upstream.ts';

export interface SluiceSetup {
  /** One rule for everything, or as many as `rulePath` (rule-path.ts) names. */
  readonly rules: 'one' | 'many';
  /** Share of the requests that are traced; `off` runs without `--otlp`. */
  readonly traced: number | 'off';
  /** NODE_OPTIONS of the gateway. */
  readonly nodeOptions?: string;
}

export interface RunningSluice {
  /** Of 127.0.0.1, for traffic. */
  readonly port: number;
  readonly pid: number;
  /** `http://127.0.0.1:PORT` of the admin API. */
  readonly admin: string;
  /** `127.0.0.1:PORT` */
  readonly consul: string;
  readonly redis: string;
  /** Waits until all spans have left, and tells which were lost. */
  problems(): Promise<string[]>;
  stop(): Promise<void>;
}

/** A gateway that serves with all its rules and weights, and what it needs. */
export const startSluice = async (
  upstream: Upstream,
  { rules, traced, nodeOptions = '' }: SluiceSetup,
): Promise<RunningSluice> => {
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const each of stops.splice(0).reverse()) await each();
  };
  try {
    const consul = await startConsul();
    stops.push(consul.stop);
    const redis = await startRedis({ persist: false });
    stops.push(redis.stop);
    const { port: receiverPort } = await freePorts(['port']);
    const receiver = await startProgram({
      name: 'the OTLP receiver',
      command: [process.execPath, `${ROOT}/bench/receiver.mjs`, `${receiverPort}`],
      port: receiverPort,
    });
    stops.push(receiver.stop);

    const routes = await fillCatalog(consul, upstream, rules);
    await setWeights(redis.url);
    const receiverUrl = `http://127.0.0.1:${receiverPort}`;
    const { port, adminPort } = await freePorts(['port', 'adminPort']);
    const admin = `http://127.0.0.1:${adminPort}`;
    const gateway = await startProgram({
      name: 'sluice gateway',
      command: [
        ...[process.execPath, `${ROOT}/dist/src/cli/main.js`, 'gateway'],
        ...['--listen', `127.0.0.1:${port}`, '--admin', `127.0.0.1:${adminPort}`],
        ...['--consul', consul.address, '--redis', redis.url, '--access-log', 'off'],
        ...(traced === 'off' ? [] : ['--otlp', receiverUrl]),
      ] as [string, ...string[]],
      env: {
        NODE_OPTIONS: nodeOptions,
        ...(traced === 'off'
          ? {}
          : { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: `${traced}` }),
      },
      port,
    });
    stops.push(gateway.stop);
    await eventually(async () => (await routesOf(admin)) === routes, {
      within: 30_000,
      hint: `the gateway has ${routes} rules`,
    });
    return {
      port,
      pid: gateway.pid,
      admin,
      consul: consul.address,
      redis: redis.url,
      problems: () => (traced === 'off' ? Promise.resolve([]) : lostSpans(admin, receiverUrl)),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};

/** @returns how many rules that makes */
const fillCatalog = async (
  { address }: ConsulServer,
  { ports, echoPort }: Upstream,
  rules: SluiceSetup['rules'],
): Promise<number> =>
  rules === 'one' ? registerWeb(address, ports, echoPort) : registerRules(address, ports[0]);

const setWeights = async (url: string): Promise<void> => {
  const redis = new Redis(url);
  await redis.hset('sluice:weights:web', { v1: '95', v2: '5' });
  redis.disconnect();
};

const routesOf = async (admin: string): Promise<number | undefined> => {
  const status = JSON.parse(await readText(`${admin}/api/status`)) as { snapshot?: { routes: number } };
  return status.snapshot?.routes;
};

/** Waits until all spans have left, and compares both ends. */
const lostSpans = async (admin: string, receiver: string): Promise<string[]> => {
  const page = await eventually(
    async () => {
      const now = await readText(`${admin}/metrics`);
      return metric(now, 'sluice_spans_queued') === 0 && now;
    },
    { within: 15_000, hint: 'every span has left the queue' },
  );
  const count = (result: string): number => metric(page, `sluice_spans_total{result="${result}"}`);
  const received = await eventually(
    async () => {
      const counted = Number(await readText(`${receiver}/count`));
      return counted >= count('exported') && counted;
    },
    { within: 5_000, hint: 'the receiver has what was exported' },
  ).catch(() => undefined);
  return [
    ...(count('dropped') > 0 ? [`${count('dropped')} spans dropped`] : []),
    ...(count('failed') > 0 ? [`${count('failed')} spans failed`] : []),
    ...(received === undefined ? ['the receiver has fewer spans than were exported'] : []),
  ];
};
