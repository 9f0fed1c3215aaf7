import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { type SpanContext, SpanKind } from '@opentelemetry/api';
import { type Log, silentLog } from '../../src/telemetry/log.ts';
import { attributeKey } from '../../src/telemetry/otlp/attributes.ts';
import { createPhrasing, failed, named } from '../../src/telemetry/otlp/phrase.ts';
import type { DrawnSpan, SpanWriter } from '../../src/telemetry/otlp/span-writer.ts';
import { DEFAULT_SPAN_LIMITS } from '../../src/telemetry/span-limits.ts';
import { createTracing, type Tracing, type TracingOptions } from '../../src/telemetry/tracing.ts';
import { encodePartialSuccess } from '../support/otlp-decode.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { eventually } from '../support/wait.ts';

const EPOCH = 1_700_000_000_000;

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const receive = async (port?: number): Promise<OtlpReceiver> => {
  const receiver = await startOtlpReceiver(port);
  cleanups.push(receiver.stop);
  return receiver;
};

const start = (options: Partial<TracingOptions>): Tracing => {
  const tracing = createTracing({
    serviceName: 'gateway',
    serviceInstanceId: 'gateway-1',
    serviceVersion: '0.1.0',
    log: silentLog,
    delay: 20,
    exportTimeout: 500,
    ...options,
  });
  cleanups.push(() => tracing.shutdown(100));
  return tracing;
};

const phrasing = createPhrasing(DEFAULT_SPAN_LIMITS);
const GET = phrasing({}, named('GET', SpanKind.INTERNAL));

const makeSpans = (tracing: Tracing, count: number): void => {
  for (let i = 0; i < count; i++) record(tracing, tracing.draw(undefined));
};

const record = (tracing: Tracing, context: SpanContext, rest: Partial<DrawnSpan<undefined>> = {}): void => {
  const plain = { parent: undefined, begunAt: EPOCH, context, describe: (to: SpanWriter) => to.say(GET) };
  tracing.record({ ...plain, ...rest }, undefined, EPOCH + 2.5);
};

/** Collects "level message" lines. */
const listeningLog = (): { log: Log; lines: string[] } => {
  const lines: string[] = [];
  const write =
    (level: string) =>
    (...args: [unknown, string?]) => {
      lines.push(`${level} ${args[1] ?? args[0]}`);
    };
  return {
    log: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
    lines,
  };
};

describe('tracing to a real OTLP receiver', () => {
  it('delivers what a span says, and who made it', async () => {
    const receiver = await receive();
    const tracing = start({ otlp: receiver.url });
    const span = tracing.draw(undefined);
    record(tracing, span, {
      describe: to => {
        to.say(phrasing({ hop: 'gateway' }, named('GET orders', SpanKind.SERVER)));
        to.text(attributeKey('text'), 'é');
        to.whole(attributeKey('whole'), 7);
        to.say(phrasing({}, failed));
      },
    });
    const [received] = await receiver.waitFor(1);
    assert.equal(received?.name, 'GET orders');
    assert.equal(received?.kind, 'SERVER');
    assert.deepEqual(received?.attributes, { hop: 'gateway', text: 'é', whole: 7 });
    assert.equal(received?.status, 'ERROR');
    assert.equal(received?.traceId, span.traceId);
    assert.equal(received?.spanId, span.spanId);
    assert.equal(received?.parentSpanId, undefined);
    assert.equal(received?.startNanos, BigInt(EPOCH) * 1_000_000n);
    assert.equal(received?.endNanos, BigInt(EPOCH) * 1_000_000n + 2_500_000n);
    assert.equal(received?.resource['service.name'], 'gateway');
    assert.equal(received?.resource['service.instance.id'], 'gateway-1');
    assert.equal(received?.resource['service.version'], '0.1.0');
    assert.equal(received?.resource['telemetry.sdk.language'], 'nodejs');
  });

  it('leaves out what is beyond the limits, and counts it', async () => {
    const receiver = await receive();
    const tracing = start({ otlp: receiver.url, limits: { attributeCount: 2, valueLength: 3 } });
    record(tracing, tracing.draw(undefined), {
      describe: to => {
        for (const key of ['a', 'b', 'c']) to.text(attributeKey(key), 'long');
      },
    });
    const [received] = await receiver.waitFor(1);
    assert.deepEqual(received?.attributes, { a: 'lon', b: 'lon' });
    assert.deepEqual(received?.dropped, [1, 0, 0]);
  });

  it("continues the caller's trace and hands its own span on", async () => {
    const receiver = await receive();
    const tracing = start({ otlp: `${receiver.url}/` });
    const caller = tracing.extract([
      'Traceparent',
      '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      'Tracestate',
      'vendor=1',
    ]);
    const span = tracing.draw(caller.span);
    const headers = tracing.inject(caller, span);
    record(tracing, span, { parent: caller.span });
    const [received] = await receiver.waitFor(1);
    assert.equal(received?.traceId, '0af7651916cd43dd8448eb211c80319c');
    assert.equal(received?.parentSpanId, 'b7ad6b7169203331');
    assert.equal(received?.traceState, 'vendor=1');
    assert.deepEqual(headers, [
      'traceparent',
      `00-0af7651916cd43dd8448eb211c80319c-${received?.spanId}-01`,
      'tracestate',
      'vendor=1',
    ]);
  });

  it('drops none of 20,000 spans made at once', async () => {
    const receiver = await receive();
    const tracing = start({ otlp: receiver.url, exportTimeout: 10_000 });
    makeSpans(tracing, 20_000);
    const spans = await receiver.waitFor(20_000, 20_000);
    assert.equal(new Set(spans.map(span => span.spanId)).size, 20_000);
    await eventually(() => tracing.counts().exported === 20_000, {
      within: 2000,
      hint: 'all counted as exported',
    });
    assert.deepEqual(tracing.counts(), {
      ended: 20_000,
      queued: 0,
      exporting: 0,
      exported: 20_000,
      failed: 0,
      dropped: 0,
    });
  });

  it('delivers a queue of more batches than the exporter sends at a time when it is shut down', async () => {
    const receiver = await receive();
    const tracing = start({ otlp: receiver.url, delay: 60_000, exportTimeout: 5000, batchBytes: 20_000 });
    makeSpans(tracing, 20_000);
    const { exporting, queued } = tracing.counts();
    assert.ok(queued > exporting && exporting > 0, `${exporting} on their way, ${queued} wait`);
    await tracing.shutdown(5000);
    assert.equal(receiver.spans().length, 20_000);
    assert.equal(tracing.counts().exported, 20_000);
    assert.ok(receiver.connections() <= 4, `${receiver.connections()} connections`);
  });

  it('drops and counts what ends after the shutdown', async () => {
    const receiver = await receive();
    const tracing = start({ otlp: receiver.url });
    makeSpans(tracing, 3);
    await tracing.shutdown();
    makeSpans(tracing, 2);
    assert.equal(receiver.spans().length, 3);
    assert.equal(tracing.counts().exported, 3);
    assert.equal(tracing.counts().dropped, 2);
  });

  it('compresses, and sends headers, where it is told to', async () => {
    const receiver = await receive();
    const wire = { otlpCompression: 'gzip', otlpHeaders: { 'x-tenant': 'acme' } } as const;
    makeSpans(start({ otlp: receiver.url, wire }), 5);
    await receiver.waitFor(5);
    assert.equal(receiver.headers()['content-encoding'], 'gzip');
    assert.equal(receiver.headers()['x-tenant'], 'acme');
  });

  for (const bad of ['127.0.0.1:4318', 'grpc://127.0.0.1:4317', '']) {
    it(`refuses "${bad}" with a hint`, () => {
      assert.throws(() => start({ otlp: bad }), /http or https URL, e\.g\. http:\/\/127\.0\.0\.1:4318/);
    });
  }
});

describe('an OTLP receiver that fails', () => {
  it('is said to be away once, and to be back once; nothing is thrown meanwhile', async () => {
    const gone = await startOtlpReceiver();
    await gone.stop();
    const { log, lines } = listeningLog();
    const tracing = start({ otlp: gone.url, log });
    for (const failed of [10, 20]) {
      makeSpans(tracing, 10);
      await eventually(() => tracing.counts().failed === failed, { within: 5000, hint: `${failed} failed` });
    }
    assert.deepEqual(lines, ['warn the OTLP receiver takes no spans; requests go on, spans may be lost']);

    const receiver = await receive(gone.port);
    makeSpans(tracing, 10);
    await receiver.waitFor(10);
    await eventually(() => lines.length === 2, { within: 2000, hint: 'a second line' });
    assert.equal(lines[1], 'info the OTLP receiver takes spans again');
  });

  it('answers 503: tried again, then counted as failed', async () => {
    const receiver = await receive();
    receiver.mode('unavailable');
    const tracing = start({ otlp: receiver.url, exportTimeout: 1400 });
    makeSpans(tracing, 3);
    await eventually(() => receiver.requests() >= 2, { within: 5000, hint: 'a second try' });
    await eventually(() => tracing.counts().failed === 3, { within: 5000, hint: '3 failed' });
    assert.equal(receiver.spans().length, 0);
  });

  it('hangs: what does not fit the queue is dropped and counted, and the shutdown is bounded', async () => {
    const receiver = await receive();
    receiver.mode('hang');
    const tracing = start({ otlp: receiver.url, queueSize: 10, exportTimeout: 900 });
    makeSpans(tracing, 7);
    await eventually(() => receiver.requests() === 1, { within: 2000, hint: 'a message on its way' });
    makeSpans(tracing, 20);
    const waiting = { ended: 27, exporting: 7, queued: 3, exported: 0, failed: 0, dropped: 17 };
    assert.deepEqual(tracing.counts(), waiting);
    const begun = performance.now();
    await tracing.shutdown(150);
    const took = performance.now() - begun;
    assert.ok(took >= 140 && took < 1500, `${took} ms`);
    const { queued, exporting, failed, dropped } = tracing.counts();
    assert.deepEqual([queued, exporting, failed + dropped], [0, 0, 27]);
  });

  it('rejects some: counted one by one, and said once', async () => {
    const receiver = await receive();
    const { log, lines } = listeningLog();
    const tracing = start({ otlp: receiver.url, log });
    receiver.answerNext({ status: 200, body: encodePartialSuccess(2, 'too old') });
    makeSpans(tracing, 5);
    await eventually(() => tracing.counts().failed === 2, { within: 2000, hint: '2 failed' });
    assert.equal(tracing.counts().exported, 3);
    assert.equal(lines.length, 1);
  });

  it('goes away while batches wait: a shutdown gives them up, and counts each', async () => {
    const receiver = await receive();
    receiver.mode('hang');
    const tracing = start({ otlp: receiver.url, batchBytes: 1000, exportTimeout: 60_000 });
    makeSpans(tracing, 200);
    const { queued, exporting } = tracing.counts();
    assert.ok(queued > 0 && exporting > 0);
    await tracing.shutdown(50);
    const all = { ended: 200, queued: 0, exporting: 0, exported: 0, failed: exporting, dropped: queued };
    assert.deepEqual(tracing.counts(), all);
  });
});

describe('tracing without a receiver', () => {
  it('leaves trace context alone: no header is ours, none is written, nothing is recorded', async () => {
    const tracing = start({});
    const caller = tracing.extract([
      'traceparent',
      '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    ]);
    assert.equal(tracing.enabled, false);
    assert.equal(caller.span?.traceId, '0af7651916cd43dd8448eb211c80319c');
    assert.equal(tracing.propagationFields.size, 0);
    const span = tracing.draw(caller.span);
    assert.deepEqual(tracing.inject(caller, span), []);
    record(tracing, span);
    await tracing.shutdown();
    assert.equal(tracing.counts().ended, 0);
  });
});
