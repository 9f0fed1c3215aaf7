import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { freePorts } from '../support/servers.ts';
import { eventually } from '../support/wait.ts';
import { ROOT, runInTerminal, type TerminalRun } from './terminal.ts';

/** Each example runs exactly as the lines at its top say, but on free ports. */
const EXAMPLES = [
  'orders-express.ts',
  'orders-plain.mjs',
  'orders.py',
  'users-fastify.ts',
  'greeter-grpc.mjs',
] as const;

const runs: TerminalRun[] = [];
const addresses = new Map<string, string>();
let receiver: OtlpReceiver;

/** What is typed into one terminal each: the indented lines at the top, without the last one, which calls it. */
const linesAtTheTop = (example: string): { start: string; call: string } => {
  const [, head = ''] =
    /on its own[^\n]*\n(?:\/\/)?\n((?:(?:\/\/)? {3,}[^\n]*\n)+)/.exec(source(example)) ?? [];
  const lines = head
    .replace(/^(\/\/)? +/gm, '')
    .replace(/\\\n/g, ' ')
    .trim()
    .split('\n');
  const [start = '', call = ''] = lines;
  assert.equal(lines.length, 2, `${example}: a line to start it and one to call it`);
  return { start, call };
};

const source = (example: string): string => readFileSync(join(ROOT, 'examples', example), 'utf8');

/** The well-known addresses give way to free ones; npx would be in the way of signals. */
const elsewhere = (line: string, port: number): string =>
  [...addresses]
    .reduce((text, [known, free]) => text.replaceAll(known, free), line)
    .replace(/--port \d+/, `--port ${port}`)
    .replace('npx sluice-sidecar', `${process.execPath} dist/sidecar/main.js`);

before(async () => {
  receiver = await startOtlpReceiver();
  const ports = await freePorts(['listen', 'admin', 'consul', ...EXAMPLES]);
  const at = (name: 'listen' | 'admin' | 'consul') => `127.0.0.1:${ports[name]}`;
  addresses.set('127.0.0.1:8080', at('listen')).set('127.0.0.1:9901', at('admin'));
  const env = { CONSUL_HTTP_ADDR: at('consul'), OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
  const dev = ['dev', '--listen', at('listen'), '--admin', at('admin'), '--consul', at('consul')];
  runs.push(runInTerminal([process.execPath, 'dist/src/cli/main.js', ...dev, '--access-log', 'off'], env));
  await runs[0]?.line(/"serving"/);
  for (const example of EXAMPLES) {
    const line = elsewhere(linesAtTheTop(example).start, ports[example]);
    runs.push(
      runInTerminal(['sh', '-c', line], { ...env, PORT: `${ports[example]}`, SLUICE_SIDECAR_DRAIN: '100ms' }),
    );
  }
  const counts = async () =>
    Promise.all(['orders', 'users', 'greeter'].map(async service => (await live(service)).length));
  await eventually(async () => `${await counts()}` === '3,1,1', {
    within: 20_000,
    hint: 'three versions of orders, one of users and one of greeter are live',
  }).catch(error => {
    throw new Error(`${error.message}: ${runs.map(run => run.output()).join('\n')}`);
  });
});

after(async () => {
  for (const run of runs.reverse()) {
    run.signal('SIGTERM');
    await run.ended;
  }
  await receiver.stop();
  assert.deepEqual(
    runs.flatMap(run => run.pids()),
    [],
  );
});

const live = async (service: string): Promise<string[]> => {
  const answer = await fetch(`http://${addresses.get('127.0.0.1:9901')}/api/routes`);
  const { routes } = (await answer.json()) as {
    routes: readonly { backends: readonly { service: string; versions: readonly { version: string }[] }[] }[];
  };
  return routes
    .flatMap(({ backends }) => backends)
    .filter(backend => backend.service === service)
    .flatMap(backend => backend.versions.map(v => v.version));
};

/** A server and a client span each. */
const BY_SIDECAR = ['gateway', 'sidecar-inbound', 'sidecar-outbound'].flatMap(hop => [hop, hop]);

const copy = async (line: string): Promise<string> =>
  (await promisify(execFile)('sh', ['-c', elsewhere(line, 0)], { cwd: ROOT, timeout: 20_000 })).stdout;

describe('an example on its own', () => {
  const named = [
    { version: 'v1', example: 'orders-express.ts', hops: ['gateway', 'gateway', 'sdk'] },
    { version: 'v2', example: 'orders-plain.mjs', hops: BY_SIDECAR },
    { version: 'v3', example: 'orders.py', hops: BY_SIDECAR },
  ];
  for (const { version, example, hops } of named) {
    it(`${example} answers, with a user, and is in one trace with all that it causes`, async () => {
      await copy(
        `${process.execPath} dist/src/cli/main.js weights set orders ${version}=1 --admin 127.0.0.1:9901`,
      );
      const answer = JSON.parse(await copy(linesAtTheTop(example).call)) as Record<string, unknown>;
      const { trace, ...rest } = answer;
      assert.deepEqual(rest, { order: '1', version, user: { id: '1', name: 'Grace' } });
      const ofTrace = () => receiver.spans().filter(span => span.traceId === trace);
      await eventually(() => ofTrace().length >= hops.length, {
        within: 5_000,
        hint: `${hops.length} spans of ${trace}`,
      });
      const chain: unknown[] = [];
      let next = ofTrace().find(span => span.parentSpanId === undefined);
      while (next !== undefined) {
        const { spanId, attributes } = next;
        chain.push(attributes['sluice.hop']);
        next = ofTrace().find(span => span.parentSpanId === spanId);
      }
      assert.deepEqual(chain, hops);
    });
  }

  it('users-fastify.ts answers by itself too', async () => {
    assert.deepEqual(JSON.parse(await copy(linesAtTheTop('users-fastify.ts').call)), {
      id: '1',
      name: 'Grace',
    });
  });
});

it('greeter-grpc.mjs answers calls of gRPC', async () => {
  const said = await copy(linesAtTheTop('greeter-grpc.mjs').call);
  assert.equal(said, 'Hello, Ada!\n3, Ada\n2, Ada\n1, Ada\n');
});

describe('import "sluice/sidecar"', () => {
  const resolve = async (...flags: string[]): Promise<string> => {
    const code = `const { register } = await import('sluice/sidecar'); console.log(typeof register, import.meta.resolve('sluice/sidecar'))`;
    const args = [...flags, '--input-type=module', '-e', code];
    return (await promisify(execFile)(process.execPath, args, { cwd: ROOT })).stdout;
  };

  it('is the built package in plain Node, by its own exports', async () => {
    assert.match(await resolve(), /^function file:.*\/dist\/sidecar\/index\.js\n$/);
  });

  it('is there under tsx too', async () => {
    assert.match(await resolve('--import', 'tsx'), /^function file:.*\/sidecar\/index\.(js|ts)\n$/);
  });
});
