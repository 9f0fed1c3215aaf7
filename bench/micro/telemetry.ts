/**
 * What telemetry costs a request: `node --import tsx bench/micro/telemetry.ts [requests a case] [words of the cases]`.
 *
 * Drives the observer as the data path does, with nothing else in the process; the OTLP receiver is another
 * process. Prints CPU microseconds of this process a request (user and system, helper threads included), the best
 * of several rounds that take turns.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Where } from '../../src/core/model/where.ts';
import { type AccessLogMode, createAccessLog } from '../../src/telemetry/access-log.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import type { RequestObserver } from '../../src/telemetry/observer.ts';
import { createRequestObserver } from '../../src/telemetry/request-observer.ts';
import { createTracing, type Tracing } from '../../src/telemetry/tracing.ts';

const ROUNDS = 5;
const PER_TURN = 50;
/** Spans that may wait before the loop does: nothing is dropped, so that all of the work is measured. */
const MAX_WAITING = 16_000;

const requests = Number(process.argv[2] ?? 100_000);
const wanted = process.argv[3] ?? '';

interface Case {
  readonly name: string;
  readonly ratio?: number;
  readonly accessLog?: AccessLogMode;
  readonly headers?: readonly string[];
}

const CALLED = ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00'];

const CASES: readonly Case[] = [
  { name: 'metrics alone' },
  { name: 'tracing, none sampled', ratio: 0 },
  { name: "tracing, the caller's trace is not sampled", ratio: 1, headers: CALLED },
  { name: 'tracing, 1 % sampled', ratio: 0.01 },
  { name: 'tracing, all sampled', ratio: 1 },
  { name: 'access log', accessLog: 'on' },
];

const HEADERS = [
  ['Host', 'shop.example.com'],
  ['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'],
  ['Accept', 'application/json'],
  ['Accept-Encoding', 'gzip, br'],
  ['Connection', 'keep-alive'],
].flat();

const PLACES = ['orders', 'users', 'carts', 'search'].flatMap(service =>
  ['v1', 'v2'].map(version => new Where(`shop.example.com/${service}/*`, service, version)),
);

const request = (observer: RequestObserver, i: number, rawHeaders: readonly string[]): void => {
  const where = PLACES[i % PLACES.length] as Where;
  const observation = observer.begin({
    method: 'GET',
    path: `/${where.service}/${i}`,
    scheme: 'http',
    authority: 'shop.example.com',
    protocolVersion: '1.1',
    clientAddress: '10.1.2.3',
    requestId: 'V1StGXR8_Z5jdHi6B-myT',
    rawHeaders,
  });
  const attempt = observation.attempt({
    where,
    instanceId: 'node-1/orders-10-0-0-1-3000',
    address: '10.0.0.1',
    port: 3000,
    resend: 0,
  });
  if (attempt.headers.length > 100) throw new Error('headers are read');
  attempt.end({ status: 200 });
  observation.end({ status: 200, where, received: 0, sent: 512 });
};

const waiting = (tracing: Tracing): number => tracing.counts().queued + tracing.counts().exporting;

/** @returns CPU microseconds a request */
const run = async ({ name, ratio, accessLog: mode = 'off', headers = [] }: Case, otlp: string) => {
  const tracing = createTracing({
    serviceName: 'bench',
    serviceInstanceId: 'bench-1',
    serviceVersion: '0.0.0',
    log: silentLog,
    otlp: ratio === undefined ? undefined : otlp,
    sampler: { ratio: ratio ?? 0, parentBased: true },
  });
  const destination = createWriteStream('/dev/null');
  const accessLog = createAccessLog({ mode, destination });
  const metrics = createMetrics({ version: '0.0.0' });
  const observer = createRequestObserver({ tracing, metrics, accessLog, hop: 'gateway' });
  const rawHeaders = [...HEADERS, ...headers];
  const drive = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i += PER_TURN) {
      for (let j = 0; j < PER_TURN; j++) request(observer, i + j, rawHeaders);
      await new Promise(resolve => setImmediate(resolve));
      while (waiting(tracing) > MAX_WAITING) await sleep(1);
    }
  };
  await drive(requests / 10);
  const before = process.cpuUsage();
  await drive(requests);
  await tracing.shutdown(10_000);
  await accessLog.close();
  const { user, system } = process.cpuUsage(before);
  const { failed, dropped } = tracing.counts();
  if (failed + dropped > 0) throw new Error(`${name}: ${failed} spans failed, ${dropped} were dropped`);
  destination.destroy();
  return (user + system) / requests;
};

/** One turn of the loop without any telemetry, to be subtracted. */
const runNothing = async (): Promise<number> => {
  const before = process.cpuUsage();
  for (let i = 0; i < requests; i += PER_TURN) await new Promise(resolve => setImmediate(resolve));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / requests;
};

const receiver = fork(fileURLToPath(new URL('otlp-sink.ts', import.meta.url)), {
  execArgv: ['--import', 'tsx'],
});
try {
  const [otlp] = (await once(receiver, 'message')) as [string];
  const best = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round++) {
    const nothing = await runNothing();
    for (const one of CASES.filter(({ name }) => name.includes(wanted))) {
      const cost = (await run(one, otlp)) - nothing;
      best.set(one.name, Math.min(best.get(one.name) ?? Number.POSITIVE_INFINITY, cost));
    }
  }
  for (const [name, cost] of best)
    console.log(`${name.padEnd(44)} ${cost.toFixed(2).padStart(6)} µs a request`);
} finally {
  receiver.kill();
}
