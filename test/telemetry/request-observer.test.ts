import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { afterEach, describe, it } from 'node:test';
import { NOWHERE, Where } from '../../src/core/model/where.ts';
import { createAccessLog } from '../../src/telemetry/access-log.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import type {
  AttemptOutcome,
  AttemptStart,
  RequestOutcome,
  RequestStart,
} from '../../src/telemetry/observer.ts';
import { createRequestObserver, type Hop } from '../../src/telemetry/request-observer.ts';
import { createTracing, type TracingOptions } from '../../src/telemetry/tracing.ts';
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from '../support/otlp-receiver.ts';

const EPOCH = 1_700_000_000_000;
const CALLER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Set {
  hop?: Hop;
  tracing?: Partial<TracingOptions>;
  receiver?: OtlpReceiver;
}

/** An observer with everything real behind it but the clock. */
const build = ({ hop = 'gateway', tracing: options = {}, receiver }: Set = {}) => {
  const time = { now: 1000 };
  const clock = { now: () => time.now, epochAt: (now: number) => EPOCH + now };
  const tracing = createTracing({
    serviceName: hop,
    serviceInstanceId: `${hop}-1`,
    serviceVersion: '0.1.0',
    log: silentLog,
    clock,
    delay: 10,
    ...(receiver === undefined ? {} : { otlp: receiver.url }),
    ...options,
  });
  const lines: string[] = [];
  const destination = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(...chunk.toString().trimEnd().split('\n'));
      done();
    },
  });
  const accessLog = createAccessLog({ mode: 'on', destination });
  const metrics = createMetrics({ version: '0.1.0' });
  const observer = createRequestObserver({ tracing, metrics, accessLog, hop, clock });
  cleanups.push(() => tracing.shutdown());
  const entries = async (): Promise<Record<string, unknown>[]> => {
    await accessLog.close();
    return lines.map(line => JSON.parse(line));
  };
  return { observer, metrics, time, entries };
};

const receive = async (): Promise<OtlpReceiver> => {
  const receiver = await startOtlpReceiver();
  cleanups.push(receiver.stop);
  return receiver;
};

const REQUEST: RequestStart = {
  method: 'GET',
  path: '/orders/12',
  scheme: 'http',
  authority: 'shop.example.com:8080',
  protocolVersion: '1.1',
  clientAddress: '10.1.2.3',
  requestId: 'r-1',
  rawHeaders: ['Host', 'shop.example.com:8080', 'User-Agent', 'curl/8'],
};

const PLACE = new Where('orders shop.example.com/orders/*', 'orders', 'v2');

const ATTEMPT: AttemptStart = {
  where: PLACE,
  instanceId: 'node/orders-1@10.0.0.1:3000',
  address: '10.0.0.1',
  port: 3000,
  resend: 0,
};

const OK: RequestOutcome = { where: PLACE, status: 200, received: 0, sent: 5 };

const byKind = (spans: readonly ReceivedSpan[], kind: string): ReceivedSpan => {
  const found = spans.filter(span => span.kind === kind);
  assert.equal(found.length, 1, `one ${kind} span`);
  return found[0] as ReceivedSpan;
};

describe('a request that is recorded', () => {
  it('is a server span with a client span per attempt, in the words of the HTTP conventions', async () => {
    const receiver = await receive();
    const { observer, time } = build({ receiver });
    const request = observer.begin(REQUEST);
    time.now += 0.25;
    const attempt = request.attempt(ATTEMPT);
    time.now += 10;
    attempt.end({ status: 200 });
    time.now += 0.5;
    request.end(OK);

    const spans = await receiver.waitFor(2);
    const server = byKind(spans, 'SERVER');
    const client = byKind(spans, 'CLIENT');
    assert.equal(server.name, 'GET orders shop.example.com/orders/*');
    assert.equal(server.parentSpanId, undefined);
    assert.deepEqual(server.attributes, {
      'http.request.method': 'GET',
      'url.path': '/orders/12',
      'url.scheme': 'http',
      'client.address': '10.1.2.3',
      'network.protocol.version': '1.1',
      'server.address': 'shop.example.com',
      'server.port': 8080,
      'user_agent.original': 'curl/8',
      'http.response.status_code': 200,
      'sluice.hop': 'gateway',
      'sluice.route': 'orders shop.example.com/orders/*',
      'sluice.service': 'orders',
      'sluice.version': 'v2',
    });
    assert.equal(client.name, 'GET');
    assert.equal(client.traceId, server.traceId);
    assert.equal(client.parentSpanId, server.spanId);
    assert.deepEqual(client.attributes, {
      'http.request.method': 'GET',
      'server.address': '10.0.0.1',
      'server.port': 3000,
      'http.response.status_code': 200,
      'sluice.hop': 'gateway',
      'sluice.route': 'orders shop.example.com/orders/*',
      'sluice.service': 'orders',
      'sluice.version': 'v2',
      'sluice.instance': 'node/orders-1@10.0.0.1:3000',
    });
    assert.deepEqual(attempt.headers, ['traceparent', `00-${client.traceId}-${client.spanId}-01`]);

    const begun = BigInt(EPOCH + 1000) * 1_000_000n;
    assert.equal(server.startNanos, begun);
    assert.equal(client.startNanos, begun + 250_000n);
    assert.equal(client.endNanos, begun + 10_250_000n);
    assert.equal(server.endNanos, begun + 10_750_000n);
  });

  it('has a span per try, each handing on its own context', async () => {
    const receiver = await receive();
    const { observer } = build({ receiver });
    const request = observer.begin(REQUEST);
    const first = request.attempt(ATTEMPT);
    first.end({ error: 'connect_failed' });
    const second = request.attempt({ ...ATTEMPT, address: '10.0.0.2', resend: 1 });
    second.end({ status: 200 });
    request.end(OK);

    const spans = await receiver.waitFor(3);
    const [failed, succeeded] = spans.filter(span => span.kind === 'CLIENT');
    assert.equal(failed?.attributes['http.request.resend_count'], undefined);
    assert.equal(failed?.attributes['error.type'], 'connect_failed');
    assert.equal(failed?.attributes['http.response.status_code'], undefined);
    assert.equal(failed?.status, 'ERROR');
    assert.equal(succeeded?.attributes['http.request.resend_count'], 1);
    assert.equal(succeeded?.attributes['server.address'], '10.0.0.2');
    assert.equal(succeeded?.status, 'UNSET');
    assert.notDeepEqual(first.headers, second.headers);
    assert.equal(byKind(spans, 'SERVER').status, 'UNSET');
  });

  it('has a span for each copy, which may outlive it and is no attempt', async () => {
    const receiver = await receive();
    const { observer, metrics, entries } = build({ receiver });
    const request = observer.begin(REQUEST);
    request.attempt(ATTEMPT).end({ status: 200 });
    const shadow = new Where(PLACE.route, 'shadow', 'v9');
    const copy = request.copy({ ...ATTEMPT, where: shadow, instanceId: 'node/shadow@10.0.0.9:1' });
    request.end(OK);
    copy.end({ status: 500 });

    const spans = await receiver.waitFor(3);
    const mirror = spans.find(span => span.name === 'mirror');
    assert.equal(mirror?.kind, 'CLIENT');
    assert.equal(mirror.parentSpanId, byKind(spans, 'SERVER').spanId);
    assert.equal(mirror.attributes['sluice.service'], 'shadow');
    assert.equal(mirror.attributes['http.response.status_code'], 500);
    assert.deepEqual(copy.headers, ['traceparent', `00-${mirror.traceId}-${mirror.spanId}-01`]);
    const [entry] = await entries();
    assert.deepEqual([entry?.attempts, entry?.instance], [1, ATTEMPT.instanceId]);
    for await (const { name, series } of metrics.figures())
      assert.ok(!series.join().includes('shadow'), name);
  });

  it("is one trace across hops, beginning with the caller's span", async () => {
    const receiver = await receive();
    let rawHeaders: readonly string[] = ['traceparent', `${CALLER}-01`, 'tracestate', 'vendor=1'];
    for (const hop of ['gateway', 'sidecar-inbound', 'sidecar-outbound'] as const) {
      const { observer } = build({ hop, receiver });
      const request = observer.begin({ ...REQUEST, rawHeaders });
      const attempt = request.attempt(ATTEMPT);
      rawHeaders = attempt.headers;
      attempt.end({ status: 200 });
      request.end(OK);
    }
    const spans = await receiver.waitFor(6);
    let parent: string | undefined = 'b7ad6b7169203331';
    for (const hop of ['gateway', 'sidecar-inbound', 'sidecar-outbound']) {
      const own = spans.filter(span => span.attributes['sluice.hop'] === hop);
      const server = byKind(own, 'SERVER');
      const client = byKind(own, 'CLIENT');
      assert.equal(server.traceId, '0af7651916cd43dd8448eb211c80319c');
      assert.equal(server.parentSpanId, parent);
      assert.equal(client.parentSpanId, server.spanId);
      assert.equal(server.resource['service.name'], hop);
      parent = client.spanId;
    }
    assert.deepEqual(rawHeaders.slice(2), ['tracestate', 'vendor=1']);
  });

  const endings: [string, Partial<RequestOutcome>, Partial<ReceivedSpan['attributes']>, string][] = [
    ['404 of an upstream', { status: 404 }, { 'error.type': undefined }, 'UNSET'],
    ['503 of an upstream', { status: 503 }, { 'error.type': '503' }, 'ERROR'],
    ['a refusal', { status: 404, error: 'no_route' }, { 'error.type': 'no_route' }, 'UNSET'],
    [
      'an upstream out of reach',
      { status: 502, error: 'connect_failed' },
      { 'error.type': 'connect_failed' },
      'ERROR',
    ],
    [
      'a response cut',
      { status: 200, error: 'upstream_reset', cut: true },
      { 'error.type': 'upstream_reset' },
      'ERROR',
    ],
    ['a client that left the body', { status: 200, cut: true }, { 'error.type': undefined }, 'UNSET'],
    ['a client that left early', { status: 499 }, { 'http.response.status_code': undefined }, 'UNSET'],
  ];
  for (const [name, outcome, attributes, status] of endings) {
    it(`ends for ${name} with status ${status}`, async () => {
      const receiver = await receive();
      const { observer } = build({ receiver });
      observer.begin(REQUEST).end({ ...OK, ...outcome });
      const server = byKind(await receiver.waitFor(1), 'SERVER');
      assert.equal(server.status, status);
      for (const [key, value] of Object.entries(attributes)) assert.equal(server.attributes[key], value, key);
    });
  }

  const tries: [string, AttemptOutcome, string | undefined, string][] = [
    ['404', { status: 404 }, '404', 'ERROR'],
    ['503', { status: 503 }, '503', 'ERROR'],
    ['204', { status: 204 }, undefined, 'UNSET'],
    ['death in mid-body', { status: 200, error: 'upstream_reset' }, 'upstream_reset', 'ERROR'],
    ['a client that left', { clientLeft: true }, undefined, 'UNSET'],
  ];
  for (const [name, outcome, errorType, status] of tries) {
    it(`ends an attempt for ${name} with status ${status}`, async () => {
      const receiver = await receive();
      const { observer } = build({ receiver });
      observer.begin(REQUEST).attempt(ATTEMPT).end(outcome);
      const client = byKind(await receiver.waitFor(1), 'CLIENT');
      assert.equal(client.status, status);
      assert.equal(client.attributes['error.type'], errorType);
    });
  }

  it('names an invented method _OTHER, keeps the original, and has no route to name where there is none', async () => {
    const receiver = await receive();
    const { observer } = build({ receiver });
    observer
      .begin({ ...REQUEST, method: 'BREW' })
      .end({ where: NOWHERE, status: 404, error: 'no_route', received: 0, sent: 0 });
    const server = byKind(await receiver.waitFor(1), 'SERVER');
    assert.equal(server.name, 'HTTP');
    assert.equal(server.attributes['http.request.method'], '_OTHER');
    assert.equal(server.attributes['http.request.method_original'], 'BREW');
    assert.equal(server.attributes['sluice.route'], undefined);
  });

  const authorities: [string, string | undefined, number | undefined][] = [
    ['shop.example.com', 'shop.example.com', undefined],
    ['10.0.0.7:80', '10.0.0.7', 80],
    ['[2001:db8::1]:8443', '2001:db8::1', 8443],
    ['[::1]', '::1', undefined],
    ['', undefined, undefined],
  ];
  it('tells address and port of the authority apart', async () => {
    const receiver = await receive();
    const { observer } = build({ receiver });
    for (const [authority] of authorities) observer.begin({ ...REQUEST, authority }).end(OK);
    const spans = await receiver.waitFor(authorities.length);
    assert.deepEqual(
      spans.map(({ attributes }) => [attributes['server.address'], attributes['server.port']]),
      authorities.map(([, address, port]) => [address, port]),
    );
  });
});

describe('a request that is not recorded', () => {
  it('is handed on in the same trace, unsampled, with one context for all attempts', async () => {
    const receiver = await receive();
    const { observer } = build({ receiver });
    const request = observer.begin({ ...REQUEST, rawHeaders: ['traceparent', `${CALLER}-00`] });
    const first = request.attempt(ATTEMPT);
    const second = request.attempt({ ...ATTEMPT, resend: 1 });
    assert.match(first.headers[1] ?? '', /^00-0af7651916cd43dd8448eb211c80319c-[\da-f]{16}-00$/);
    assert.deepEqual(second.headers, first.headers);
    first.end({ status: 500 });
    second.end({ status: 200 });
    request.end(OK);

    observer.begin(REQUEST).end(OK);
    const spans = await receiver.waitFor(1);
    assert.equal(spans.length, 1, 'only the second request is recorded');
    assert.notEqual(spans[0]?.traceId, '0af7651916cd43dd8448eb211c80319c');
  });

  it('by the cap on forced traces goes on unsampled too, for a clock that stands still', async () => {
    const receiver = await receive();
    const { observer } = build({
      receiver,
      tracing: { sampler: { ratio: 0, parentBased: true }, forcedPerSecond: 3 },
    });
    const flags = Array.from({ length: 5 }, () => {
      const request = observer.begin({ ...REQUEST, rawHeaders: ['traceparent', `${CALLER}-01`] });
      const { headers } = request.attempt(ATTEMPT);
      request.end(OK);
      return headers[1]?.slice(-2);
    });
    assert.deepEqual(flags, ['01', '01', '01', '00', '00']);
    await receiver.waitFor(3);
  });

  it('without a receiver, leaves the headers of the caller as they are', async () => {
    const { observer, entries } = build();
    assert.equal(observer.propagationFields.size, 0);
    const request = observer.begin({ ...REQUEST, rawHeaders: ['traceparent', `${CALLER}-01`] });
    assert.deepEqual(request.attempt(ATTEMPT).headers, []);
    request.end(OK);
    assert.equal((await entries())[0]?.traceId, '0af7651916cd43dd8448eb211c80319c');
  });
});

describe('the access log line of a request', () => {
  it('says who asked for what, where it went and how it ended', async () => {
    const { observer, time, entries } = build({ hop: 'sidecar-inbound' });
    const request = observer.begin(REQUEST);
    request.attempt({ ...ATTEMPT, instanceId: 'one' }).end({ error: 'connect_failed' });
    request.attempt({ ...ATTEMPT, instanceId: 'two', resend: 1 }).end({ error: 'upstream_reset' });
    time.now += 12.3456;
    request.end({ ...OK, status: 200, error: 'upstream_reset', received: 7, cut: true });
    assert.deepEqual(await entries(), [
      {
        time: new Date(EPOCH + 1000).toISOString(),
        hop: 'sidecar-inbound',
        requestId: 'r-1',
        method: 'GET',
        host: 'shop.example.com:8080',
        path: '/orders/12',
        status: 200,
        error: 'upstream_reset',
        route: 'orders shop.example.com/orders/*',
        service: 'orders',
        version: 'v2',
        instance: 'two',
        attempts: 2,
        durationMs: 12.346,
        received: 7,
        sent: 5,
        clientAddress: '10.1.2.3',
        userAgent: 'curl/8',
        cut: true,
      },
    ]);
  });

  it('holds no header but the user agent, and that cut short', async () => {
    const { observer, entries } = build();
    const rawHeaders = [
      'Authorization',
      'hush',
      'Cookie',
      'a=hush',
      'Referer',
      '/?t=hush',
      'user-agent',
      'x'.repeat(5000),
    ];
    observer.begin({ ...REQUEST, rawHeaders, path: `/${'p'.repeat(10_000)}` }).end(OK);
    const [entry] = await entries();
    assert.doesNotMatch(JSON.stringify(entry), /hush/);
    assert.equal(String(entry?.userAgent).length, 256);
    assert.equal(String(entry?.path).length, 2048);
  });

  it('names the trace that the request is in', async () => {
    const receiver = await receive();
    const { observer, entries } = build({ receiver });
    observer.begin(REQUEST).end(OK);
    const [span] = await receiver.waitFor(1);
    assert.equal((await entries())[0]?.traceId, span?.traceId);
  });
});
