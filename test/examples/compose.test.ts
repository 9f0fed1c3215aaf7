import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.ts';
import {
  type ConsulServer,
  freePorts,
  type RedisServer,
  startConsul,
  startRedis,
} from '../support/servers.ts';
import { eventually } from '../support/wait.ts';
import { type ComposeService, missingFromContext, readComposition, readStage } from './compose-file.ts';
import { ROOT, runInTerminal, type TerminalRun } from './terminal.ts';

const composition = readComposition();
const ours = [...composition].filter(([, { build }]) => build !== undefined);

describe('docker-compose.yml', () => {
  it('publishes gateways and the interfaces for people, on loopback only', () => {
    const published = [...composition].flatMap(([name, { ports = [] }]) =>
      ports.map(port =>
        typeof port === 'string'
          ? `${name} ${port.replace(/\/tcp$/, '')}`
          : `${name} ${port.host_ip}:${port.target}`,
      ),
    );
    for (const port of published) assert.match(port, /^(gateway-\d|consul|jaeger) 127\.0\.0\.1:/);
    assert.equal(published.length, 6);
  });

  it('asks for the health of whatever others wait for', () => {
    for (const [name, { depends_on = {} }] of composition) {
      for (const [needed, { condition }] of Object.entries(depends_on)) {
        assert.equal(condition, 'service_healthy', `${name} waits for ${needed}`);
        assert.ok(composition.get(needed)?.healthcheck !== undefined, `${needed} has a health check`);
      }
    }
  });

  it('has images without root, of files that are there', () => {
    assert.deepEqual(missingFromContext(), []);
    for (const [, { build }] of ours) assert.equal(readStage(build?.target ?? '').user, 'node');
  });
});

/**
 * The composition without Docker: each container of ours as a process, its command and environment as they are,
 * but that names of containers are this machine, and that each container's ports are free ones.
 */
describe('the composition', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-compose-'));
  const runs = new Map<string, TerminalRun>();
  const ports = new Map<string, number>();
  let consul: ConsulServer;
  let redis: RedisServer;
  let jaeger: OtlpReceiver;

  /** /app is the checkout, and /usr/local/bin what the Dockerfile links there. */
  const environmentOf = (name: string): Record<string, string> => {
    const { environment = {} } = composition.get(name) ?? {};
    const entries = Object.entries(environment).map(([key, value]) => [key, outside(name, value)]);
    return {
      PATH: `${folder}:${dirname(process.execPath)}:${process.env.PATH}`,
      ...Object.fromEntries(entries),
    };
  };

  const outside = (name: string, text: string): string =>
    text
      .replace(
        /\b(consul|redis|jaeger|0\.0\.0\.0|127\.0\.0\.1):(\d+)\b/g,
        (_, host: string, port: string) => {
          const isItself = /^[\d.]+$/.test(host);
          return `127.0.0.1:${portOf(isItself ? name : host, port)}`;
        },
      )
      .replace(/^--port=(\d+)$/, (_, port: string) => `--port=${portOf(name, port)}`);

  const portOf = (name: string, port: string): number => {
    const free = ports.get(`${name}:${port}`);
    assert.ok(free !== undefined, `${name} has a port ${port}`);
    return free;
  };

  const commandOf = (name: string, service: ComposeService): [string, ...string[]] => {
    const stage = readStage(service.build?.target ?? '');
    const [file = '', ...args] = [
      ...(service.entrypoint ?? stage.entrypoint),
      ...(service.command ?? stage.command),
    ];
    return [file, ...args.map(argument => outside(name, argument))];
  };

  /** As `docker compose exec NAME …`. */
  const exec = async (name: string, file: string, ...args: string[]): Promise<string> => {
    const mapped = args.map(argument => outside(name, argument));
    const { stdout } = await promisify(execFile)(file, mapped, {
      cwd: ROOT,
      env: environmentOf(name),
      timeout: 10_000,
    });
    return stdout;
  };

  const isHealthy = async (name: string): Promise<boolean> => {
    const [kind, file = '', ...args] = composition.get(name)?.healthcheck?.test ?? [];
    assert.equal(kind, 'CMD');
    await exec(name, file, ...args);
    return true;
  };

  before(async () => {
    [consul, redis, jaeger] = await Promise.all([startConsul(), startRedis(), startOtlpReceiver()]);
    ports.set('consul:8500', Number(consul.address.split(':')[1])).set('redis:6379', redis.port);
    ports.set('jaeger:4318', jaeger.port);
    for (const [name, { build }] of ours) {
      const inside = build?.target === 'sluice' ? ['8080', '9901'] : ['3000', '21000'];
      for (const [port, free] of Object.entries(await freePorts(inside))) ports.set(`${name}:${port}`, free);
      for (const [link, file] of readStage(build?.target ?? '').commands) {
        chmodSync(join(ROOT, file), 0o755);
        rmSync(join(folder, link), { force: true });
        symlinkSync(join(ROOT, file), join(folder, link));
      }
    }
    for (const [name, service] of ours) {
      runs.set(name, runInTerminal(commandOf(name, service), environmentOf(name)));
    }
  });

  after(async () => {
    for (const run of runs.values()) run.kill();
    await Promise.all([consul.stop(), redis.stop(), jaeger.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  it('gets healthy, by the health checks that it has', async () => {
    for (const [name, { healthcheck }] of composition) {
      if (healthcheck === undefined) continue;
      await eventually(() => isHealthy(name), { within: 15_000, hint: `${name} is healthy` }).catch(error => {
        throw new Error(`${error.message}: ${error.cause}; it said: ${runs.get(name)?.output()}`);
      });
    }
  });

  it('routes through both gateways, by the weights that one command sets, in one trace', async () => {
    for (const [gateway, version] of [
      ['gateway-1', 'v1'],
      ['gateway-2', 'v2'],
    ] as const) {
      await exec(gateway, 'sluice', 'weights', 'set', 'orders', `${version}=1`);
      const call = async () => {
        const response = await fetch(`http://127.0.0.1:${portOf(gateway, '8080')}/orders/1`);
        return (await response.json()) as Record<string, unknown>;
      };
      const { trace, ...answer } = await eventually(
        async () => {
          const got = await call();
          return got.version === version && got;
        },
        { within: 10_000, hint: `${gateway} routes to ${version}` },
      );
      assert.deepEqual(answer, { order: '1', version, user: { id: '1', name: 'Grace' } });
      const ofTrace = () => jaeger.spans().filter(span => span.traceId === trace);
      await eventually(() => ofTrace().length >= 8, { within: 8_000, hint: `8 spans of ${trace}` });
      const chain: string[] = [];
      let next = ofTrace().find(span => span.parentSpanId === undefined);
      while (next !== undefined) {
        const { spanId, resource, kind, attributes } = next;
        chain.push(`${resource['service.name']} ${attributes['sluice.hop']} ${kind}`);
        next = ofTrace().find(span => span.parentSpanId === spanId);
      }
      assert.deepEqual(chain, [
        'sluice-gateway gateway SERVER',
        'sluice-gateway gateway CLIENT',
        'orders sidecar-inbound SERVER',
        'orders sidecar-inbound CLIENT',
        'orders sidecar-outbound SERVER',
        'orders sidecar-outbound CLIENT',
        'users sidecar-inbound SERVER',
        'users sidecar-inbound CLIENT',
      ]);
    }
  });

  it('ends in order at SIGTERM', async () => {
    for (const run of runs.values()) process.kill(run.pid, 'SIGTERM');
    for (const [name, run] of runs) {
      // A plain program has no opinion of SIGTERM, so it ends with it: 128 + 15.
      assert.equal(await run.ended, name.startsWith('gateway') ? 0 : 143, run.output());
      assert.deepEqual(run.pids(), []);
    }
  });
});
