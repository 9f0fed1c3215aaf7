import { type OtlpReceiver, startOtlpReceiver } from '../../support/otlp-receiver.ts';
import { type RunningGateway, type RunningProcess, run, runGateway } from '../../support/processes.ts';
import { type ConsulServer, type RedisServer, startConsul, startRedis } from '../../support/servers.ts';
import { register } from '../../support/service.ts';
import { eventually } from '../../support/wait.ts';

/**
 * Consul, Redis, an OTLP receiver, and a gateway that uses them all, traces everything, and ejects an instance at the
 * first failure that is its fault.
 */
export interface Stage {
  readonly consul: ConsulServer;
  readonly redis: RedisServer;
  readonly otlp: OtlpReceiver;
  readonly gateway: RunningGateway;
  /** A service below `/NAME` with so many instances, each a real process, and routed by now. */
  service(name: string, instances: number, tags?: readonly string[]): Promise<Member[]>;
  /** One answer below `/NAME`. */
  ask(path: string, method?: string): Promise<Answer>;
  /** So many at once. */
  askMany(path: string, times: number, method?: string): Promise<Answer[]>;
  /** The text of `/metrics`. */
  metrics(): Promise<string>;
  close(): Promise<void>;
}

export interface Member extends RunningProcess {
  readonly id: string;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  /** Of the instance that answered. */
  readonly pid: number;
  readonly milliseconds: number;
}

/** Milliseconds that one try may take on this stage. */
export const TRY_TIMEOUT = 1_000;

export const openStage = async (): Promise<Stage> => {
  const [consul, redis, otlp] = await Promise.all([startConsul(), startRedis(), startOtlpReceiver()]);
  const servers = ['--consul', consul.address, '--redis', redis.url, '--otlp', otlp.url];
  const gateway = await runGateway([...servers, '--access-log', 'off'], {
    env: {
      SLUICE_TRY_TIMEOUT: `${TRY_TIMEOUT}ms`,
      SLUICE_EJECT_AFTER: '1',
      SLUICE_EJECT_TIME: '500ms',
      OTEL_TRACES_SAMPLER: 'always_on',
      OTEL_EXPORTER_OTLP_TIMEOUT: '500',
      // Through it its event loop is blocked.
      NODE_OPTIONS: '--inspect=127.0.0.1:0',
    },
  });
  const front = await gateway.serving();
  const members: Member[] = [];

  const ask = async (path: string, method = 'GET'): Promise<Answer> => {
    const began = performance.now();
    const answer = await fetch(`${front}/${path}`, { method });
    const text = await answer.text();
    const milliseconds = performance.now() - began;
    return { status: answer.status, text, pid: Number(answer.headers.get('x-process')), milliseconds };
  };

  const start = async (name: string, n: number, tags: readonly string[]): Promise<Member> => {
    const id = `${name}-${n}`;
    const program = run('test/support/program.mjs', []);
    const member = { ...program, id };
    members.push(member);
    await eventually(() => program.stdout() !== '', { within: 10_000, hint: `${id} listens` });
    const Port = Number(program.stdout());
    await register(consul.address, { ID: id, Name: name, Port, Tags: [`path=/${name}`, ...tags] });
    return member;
  };

  return {
    consul,
    redis,
    otlp,
    gateway,
    ask,
    askMany: (path, times, method) => Promise.all(Array.from({ length: times }, () => ask(path, method))),
    metrics: async () => (await fetch(`${gateway.admin}/metrics`)).text(),
    service: async (name, instances, tags = []) => {
      const started = await Promise.all(Array.from({ length: instances }, (_, n) => start(name, n, tags)));
      await eventually(
        async () => {
          const seen = await (await fetch(`${gateway.admin}/api/services`)).text();
          return started.every(({ id }) => seen.includes(id));
        },
        { within: 5_000, hint: `${name} is routed` },
      );
      return started;
    },
    close: async () => {
      await Promise.all([gateway.stop(), ...members.map(each => each.stop('SIGKILL'))]);
      await Promise.all([consul.stop(), redis.stop(), otlp.stop()]);
    },
  };
};
