import { Redis } from 'ioredis';
import type { StatusAnswer } from '../src/admin/api.ts';
import { ROOT } from '../test/support/child.ts';
import { freePorts, startConsul, startRedis } from '../test/support/servers.ts';
import { eventually } from '../test/support/wait.ts';
import { CATALOGS, type CatalogName, type Expected } from './catalog.ts';
import { lostSpans } from './lost-spans.ts';
import { errorCodes, readText } from './metrics.ts';
import { startProgram } from './programs.ts';
import { startInTurn } from './start-in-turn.ts';
import type { Upstream } from './upstream.ts';

export interface SluiceSetup {
  readonly catalog: CatalogName;
  /** Share of the requests that are traced; `off` runs without `--otlp`. */
  readonly traced: number | 'off';
  /** NODE_OPTIONS of the gateway. */
  readonly nodeOptions?: string;
}

export interface RunningSluice {
  /** Of 127.0.0.1, for traffic. */
  readonly port: number;
  /** The same over TLS, where it was given a certificate. */
  readonly tlsPort: number;
  readonly pid: number;
  /** `http://127.0.0.1:PORT` of the admin API. */
  readonly admin: string;
  /** `127.0.0.1:PORT` */
  readonly consul: string;
  readonly redis: string;
  /** Waits until all spans have left, and tells in words what was lost. */
  lostSpans(): Promise<string[]>;
  /** The codes of the errors that it answered with. */
  ownErrors(): Promise<string[]>;
  stop(): Promise<void>;
}

/** A gateway that serves with all its rules and weights, and what it needs. */
export const startSluice = async (
  upstream: Upstream,
  { catalog, traced, nodeOptions = '' }: SluiceSetup,
  certificate?: { readonly cert: string; readonly key: string },
): Promise<RunningSluice> => {
  return startInTurn(async endBy => {
    const consul = await startConsul();
    endBy(consul.stop);
    const redis = await startRedis({ persist: false });
    endBy(redis.stop);
    const { port: receiverPort } = await freePorts(['port']);
    const receiver = await startProgram({
      name: 'the OTLP receiver',
      command: [process.execPath, `${ROOT}/bench/receiver.mjs`, `${receiverPort}`],
      port: receiverPort,
    });
    endBy(receiver.stop);

    const expected = await CATALOGS[catalog](consul.address, upstream);
    await setWeights(redis.url);
    const receiverUrl = `http://127.0.0.1:${receiverPort}`;
    const { port, tlsPort, adminPort } = await freePorts(['port', 'tlsPort', 'adminPort']);
    const admin = `http://127.0.0.1:${adminPort}`;
    const gateway = await startProgram({
      name: 'sluice gateway',
      command: [
        ...[process.execPath, `${ROOT}/dist/src/cli/main.js`, 'gateway'],
        ...['--listen', `127.0.0.1:${port}`, '--admin', `127.0.0.1:${adminPort}`],
        ...['--consul', consul.address, '--redis', redis.url, '--access-log', 'off'],
        ...(traced === 'off' ? [] : ['--otlp', receiverUrl]),
        ...(certificate === undefined
          ? []
          : [
              ...['--tls-listen', `127.0.0.1:${tlsPort}`],
              ...['--tls-cert', certificate.cert, '--tls-key', certificate.key],
            ]),
      ] as [string, ...string[]],
      env: {
        NODE_OPTIONS: nodeOptions,
        ...(traced === 'off'
          ? {}
          : { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: `${traced}` }),
      },
      port,
    });
    endBy(gateway.stop);
    await eventually(() => hasAll(admin, expected), {
      within: 30_000,
      hint: `the gateway has ${expected.routes} rules and ${expected.instances} instances`,
    });
    return {
      port,
      tlsPort,
      pid: gateway.pid,
      admin,
      consul: consul.address,
      redis: redis.url,
      lostSpans: () => (traced === 'off' ? Promise.resolve([]) : lostSpans(admin, receiverUrl)),
      ownErrors: async () => errorCodes(await readText(`${admin}/metrics`)),
    };
  });
};

const setWeights = async (url: string): Promise<void> => {
  const redis = new Redis(url);
  await redis.hset('sluice:weights:web', { v1: '95', v2: '5' });
  redis.disconnect();
};

const hasAll = async (admin: string, expected: Expected): Promise<boolean> => {
  const { snapshot } = JSON.parse(await readText(`${admin}/api/status`)) as StatusAnswer;
  return snapshot?.routes === expected.routes && snapshot.instances - 1 === expected.instances;
};
