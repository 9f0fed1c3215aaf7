import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { endWithUs, ROOT } from '../support/child.ts';
import { type RunningGateway, type RunningProcess, run, runGateway } from '../support/processes.ts';
import { freePorts, startConsul, startRedis } from '../support/servers.ts';
import { deregister, register } from '../support/service.ts';
import { eventually } from '../support/wait.ts';
import type { LoadReport } from './report.ts';

/** One instance of `orders`: a program beside a sidecar, or a bare program that was registered by hand. */
export interface Deployed {
  readonly id: string;
  /** Registered, and who holds the port. */
  readonly sidecar: RunningProcess | undefined;
  readonly programPid: number;
  /** As a deployer ends it: SIGTERM, and wait. */
  stop(): Promise<void>;
  /** After a kill -9 of a part of it: takes away what is left. */
  clear(): Promise<void>;
}

export interface Load {
  /** What ended since the last report. */
  report(): Promise<LoadReport>;
  stop(): Promise<LoadReport>;
}

/** Consul, Redis with a split of halves between v1 and v2, and a gateway in front: all real processes. */
export interface Stage {
  readonly gateway: RunningGateway;
  /** @param bare without a sidecar */
  deploy(version: string, bare?: boolean): Promise<Deployed>;
  /** Waits until Consul lists exactly these as passing. */
  passing(ids: readonly string[]): Promise<void>;
  startLoad(perSecond: number): Promise<Load>;
  /** Requests that must not be done twice, and were. */
  doneTwice(): string[];
  close(): Promise<void>;
}

const PROGRAM = join(ROOT, 'test/support/program.mjs');

export interface StageOptions {
  /** Further arguments of every sidecar. */
  readonly sidecarArgs?: readonly string[];
  readonly gatewayEnv?: Readonly<Record<string, string>>;
}

export const openStage = async ({ sidecarArgs = [], gatewayEnv = {} }: StageOptions = {}): Promise<Stage> => {
  const [consul, redis] = await Promise.all([startConsul(), startRedis({ persist: false })]);
  const client = new Redis(redis.url);
  await client.hset('sluice:weights:orders', { v1: 1, v2: 1 });
  client.disconnect();
  const servers = ['--consul', consul.address, '--redis', redis.url];
  const gateway = await runGateway([...servers, '--access-log', 'off'], { env: gatewayEnv });
  const done = mkdtempSync(join(tmpdir(), 'sluice-deploys-'));
  const deployed = new Set<Deployed>();
  let count = 0;

  const passing = async (): Promise<string[]> => {
    const answer = await fetch(`http://${consul.address}/v1/health/service/orders?passing`);
    const entries = (await answer.json()) as { Service: { ID: string } }[];
    return entries.map(({ Service }) => Service.ID);
  };
  const isPassing = (id: string): Promise<boolean> =>
    eventually(async () => (await passing()).includes(id), { within: 20_000, hint: `${id} is passing` });

  const beside = async (id: string, version: string): Promise<Deployed> => {
    const { port } = await freePorts(['port']);
    const sidecar = run(
      'dist/sidecar/main.js',
      [
        ...['--service', 'orders', '--version', version, '--path', '/orders', '--id', id],
        ...['--port', `${port}`, '--address', '127.0.0.1', '--consul', consul.address, '--access-log', 'off'],
        ...[...sidecarArgs, '--', process.execPath, PROGRAM],
      ],
      // A program that its sidecar leaves behind holds the pipes open.
      { env: { VERSION: version, DONE: join(done, id) }, end: 'exit' },
    );
    await isPassing(id);
    const programPid = Number(sidecar.log().find(({ msg }) => msg === 'the program is started')?.program);
    return {
      id,
      sidecar,
      programPid,
      stop: async () => void (await sidecar.stop()),
      clear: async () => {
        kill(programPid);
        sidecar.signal('SIGKILL');
        await sidecar.exited;
        await deregister(consul.address, id);
      },
    };
  };

  const bare = async (id: string, version: string): Promise<Deployed> => {
    const { port } = await freePorts(['port']);
    const program = run('test/support/program.mjs', [], {
      env: { PORT: `${port}`, VERSION: version, DONE: join(done, id) },
    });
    await eventually(() => program.stdout() !== '', { within: 10_000, hint: 'the program listens' });
    await register(consul.address, {
      ID: id,
      Name: 'orders',
      Port: port,
      Tags: ['path=/orders', `version=${version}`],
      Check: { TCP: `127.0.0.1:${port}`, Interval: '1s', Timeout: '1s' },
    });
    await isPassing(id);
    const clear = async (): Promise<void> => {
      await deregister(consul.address, id);
      program.signal('SIGKILL');
      await program.exited;
    };
    return { id, sidecar: undefined, programPid: program.pid, stop: clear, clear };
  };

  const tracked = (instance: Deployed): Deployed => {
    const forget = async (how: () => Promise<void>): Promise<void> => {
      deployed.delete(whole);
      await how();
    };
    const whole: Deployed = {
      ...instance,
      stop: () => forget(instance.stop),
      clear: () => forget(instance.clear),
    };
    deployed.add(whole);
    return whole;
  };

  return {
    gateway,
    deploy: async (version, isBare = false) => {
      count += 1;
      const id = `orders-${count}-${version}`;
      return tracked(await (isBare ? bare : beside)(id, version));
    },
    passing: async ids => {
      const wanted = [...ids].sort().join();
      await eventually(async () => (await passing()).sort().join() === wanted, {
        within: 20_000,
        hint: `exactly ${wanted} are passing`,
      });
    },
    startLoad: async perSecond => startLoad(await gateway.serving(), perSecond),
    doneTwice: () => {
      const all = readdirSync(done).flatMap(name => readFileSync(join(done, name), 'utf8').split('\n'));
      const seen = new Set<string>();
      return all.filter(path => path !== '' && (seen.has(path) || !seen.add(path)));
    },
    close: async () => {
      await Promise.all([...deployed].map(each => each.clear()));
      await gateway.stop();
      await Promise.all([consul.stop(), redis.stop()]);
      rmSync(done, { recursive: true, force: true });
    },
  };
};

/** A process that has ended already is as good. */
const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {}
};

const startLoad = async (url: string, perSecond: number): Promise<Load> => {
  const child = endWithUs(
    fork(join(ROOT, 'test/deploys/load.ts'), [url, `${perSecond}`], { execArgv: ['--import', 'tsx'] }),
  );
  const ask = async (message: 'report' | 'stop'): Promise<LoadReport> => {
    const answer = once(child, 'message');
    child.send(message);
    const [report] = (await answer) as [LoadReport];
    return report;
  };
  await ask('report');
  return {
    report: () => ask('report'),
    stop: async () => {
      const exited = once(child, 'exit');
      const report = await ask('stop');
      await exited;
      return report;
    },
  };
};
