import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, it } from 'node:test';
import type { RoutesAnswer } from '../../src/admin/api.ts';
import { countAnswers, startLoad } from '../support/load.ts';
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { type RunningGateway, type RunningProcess, run, runGateway } from '../support/processes.ts';
import { type ConsulServer, freePorts, startConsul } from '../support/servers.ts';
import { eventually } from '../support/wait.ts';

/** client -> gateway -> sidecar -> orders -> sidecar -> users, every one a process, over real Consul. */
let consul: ConsulServer;
let otlp: OtlpReceiver;
let gateway: RunningGateway;
let front: string;
const sidecars: RunningProcess[] = [];

/** Calls users through the sidecar and copies `traceparent`; else it knows nothing of Sluice. */
const ORDERS = `
  const { createServer, get } = require('node:http');
  const out = new URL(process.env.http_proxy);
  createServer((req, res) => {
    if (req.url === '/plain') return res.end('orders');
    const headers = { host: 'users.mesh', traceparent: req.headers.traceparent };
    get({ host: out.hostname, port: out.port, path: 'http://users.mesh/users/1', headers }, answer => answer.pipe(res));
  }).listen(process.env.PORT, '127.0.0.1');
`;
const USERS = `require('http').createServer((_, res) => res.end('user 1')).listen(process.env.PORT, '127.0.0.1')`;

const sidecar = async (
  service: string,
  program: string,
  args: readonly string[] = [],
): Promise<RunningProcess> => {
  const { port } = await freePorts(['port']);
  const started = run('dist/sidecar/main.js', [
    ...['--service', service, '--port', String(port), '--consul', consul.address, '--otlp', otlp.url],
    ...['--access-log', 'off', ...args, '--', process.execPath, '-e', program],
  ]);
  sidecars.push(started);
  return started;
};

const isServed = (path: string) => async (): Promise<boolean> => (await fetch(front + path)).ok;

before(async () => {
  [consul, otlp] = await Promise.all([startConsul(), startOtlpReceiver()]);
  const args = ['--consul', consul.address, '--redis', 'off', '--otlp', otlp.url, '--access-log', 'off'];
  gateway = await runGateway(args);
  front = await gateway.serving();
  await sidecar('users', USERS);
  await sidecar('orders', ORDERS, ['--path', '/orders', '--tag', 'strip=true', '--version', 'v1']);
  // The program passes on what it is told: also a refusal, while nobody has registered users yet.
  await eventually(async () => (await (await fetch(`${front}/orders/1`)).text()) === 'user 1', {
    within: 15_000,
    hint: () => sidecars.map(each => each.stderr()).join('\n'),
  });
});
after(async () => {
  await Promise.all([gateway.stop(), ...sidecars.map(each => each.stop())]);
  await Promise.all([consul.stop(), otlp.stop()]);
});

it('one request is one trace, with the right parents and kinds, and continues the caller’s', async () => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  otlp.clear();
  const answer = await fetch(`${front}/orders/1`, {
    headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
  });
  assert.equal(await answer.text(), 'user 1');
  const ofTrace = (): ReceivedSpan[] => otlp.spans().filter(span => span.traceId === traceId);
  await eventually(() => ofTrace().length >= 8, {
    within: 10_000,
    hint: () => `8 spans: ${ofTrace().map(each => each.name)}`,
  });

  const children = new Map(ofTrace().map(span => [span.parentSpanId, span]));
  const chain: string[] = [];
  for (let parent: string | undefined = '00f067aa0ba902b7'; parent !== undefined; ) {
    const span = children.get(parent);
    if (span !== undefined) {
      const {
        'sluice.hop': hop,
        'sluice.service': service,
        'http.response.status_code': status,
      } = span.attributes;
      chain.push(`${span.kind} ${hop} ${service} ${status}`);
    }
    parent = span?.spanId;
  }
  assert.deepEqual(chain, [
    'SERVER gateway orders 200',
    'CLIENT gateway orders 200',
    'SERVER sidecar-inbound orders 200',
    'CLIENT sidecar-inbound orders 200',
    'SERVER sidecar-outbound users 200',
    'CLIENT sidecar-outbound users 200',
    'SERVER sidecar-inbound users 200',
    'CLIENT sidecar-inbound users 200',
  ]);
  const first = children.get('00f067aa0ba902b7');
  assert.equal(first?.attributes['sluice.route'], '/orders/*');
  assert.equal(first?.attributes['sluice.version'], 'v1');
});

it('SIGTERM on a sidecar under load: not one failed request, and its program has ended', async t => {
  const second = await sidecar('orders', ORDERS, [
    '--path',
    '/orders',
    '--tag',
    'strip=true',
    '--version',
    'v2',
  ]);
  await eventually(
    async () => {
      const text = await (await fetch(`${gateway.admin}/api/routes`)).text();
      return text.includes('"v2"');
    },
    { within: 10_000, hint: () => second.stderr() },
  );
  const load = startLoad(t, `${front}/orders/plain`, { perSecond: 200 });
  const posts = startLoad(t, `${front}/orders/plain`, { perSecond: 50, method: 'POST' });
  await new Promise(resolve => setTimeout(resolve, 500));
  const code = await second.stop();
  await new Promise(resolve => setTimeout(resolve, 500));
  for (const { statuses, requests, bad } of [await load.stop(), await posts.stop()]) {
    t.diagnostic(`${requests} requests: ${JSON.stringify(statuses)}`);
    assert.deepEqual(statuses, { 200: requests }, bad.join('\n'));
  }
  assert.equal(code, 128 + 15);
});

it('kill -9 of a sidecar: its route is gone when its TTL expires', async () => {
  const third = await sidecar('lonely', USERS, ['--path', '/lonely', '--ttl', '2s']);
  await eventually(isServed('/lonely'), { within: 10_000, hint: () => third.stderr() });
  const orphans = childrenOf(third.pid);
  third.signal('SIGKILL');
  for (const pid of orphans) process.kill(pid, 'SIGKILL');
  await third.exited;
  await eventually(
    async () => {
      const { routes } = (await (await fetch(`${gateway.admin}/api/routes`)).json()) as RoutesAnswer;
      const rule = routes.find(({ route }) => route === '/lonely/*');
      return rule?.backends.every(({ versions }) => versions.length === 0) ?? true;
    },
    { within: 4_000, hint: 'no live instance behind the route' },
  );
  assert.deepEqual([...(await countAnswers(`${front}/lonely`, 5))], [['503', 5]]);
});

/** The program outlives a sidecar that is killed with -9; the test ends it. */
const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).map(Number);
