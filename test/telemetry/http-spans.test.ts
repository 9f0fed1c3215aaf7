import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Attributes, type HrTime, type SpanContext, SpanKind } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import fc from 'fast-check';
import { NOWHERE, Where } from '../../src/core/model/where.ts';
import { foldMethod } from '../../src/telemetry/http-semantics.ts';
import { HttpSpans } from '../../src/telemetry/http-spans.ts';
import type {
  AttemptOutcome,
  AttemptStart,
  RequestOutcome,
  RequestStart,
} from '../../src/telemetry/observer.ts';
import { ProtobufWriter } from '../../src/telemetry/otlp/protobuf.ts';
import { createRequestHead } from '../../src/telemetry/otlp/request-head.ts';
import { SpanWriter } from '../../src/telemetry/otlp/span-writer.ts';
import { DEFAULT_SPAN_LIMITS, type SpanLimits } from '../../src/telemetry/span-limits.ts';
import { attributes, spanContext, text } from '../support/arbitraries.ts';
import { decodeRequest, decodeTraces } from '../support/otlp-decode.ts';
import { type SdkSpan, sdkMessage } from '../support/sdk-spans.ts';

interface Told {
  readonly context: SpanContext;
  readonly parent: SpanContext | undefined;
  readonly begunAt: number;
  readonly endedAt: number;
}

interface Request extends Told {
  readonly kind: 'request';
  readonly start: RequestStart;
  readonly outcome: RequestOutcome;
}

interface Attempt extends Told {
  readonly kind: 'attempt';
  readonly method: string;
  readonly start: AttemptStart;
  readonly outcome: AttemptOutcome;
}

const HOP = 'gateway';
const SCOPE = { name: 'müller', version: '1.2.3', schemaUrl: 'https://example.com/scope' };

/** What the process writes, with one `HttpSpans` for all its messages. */
const writing = (limits: SpanLimits, resource: Attributes = {}) => {
  const owner = resourceFromAttributes(resource, { schemaUrl: 'https://opentelemetry.io/schemas/1.30.0' });
  const head = createRequestHead(owner, SCOPE);
  const http = new HttpSpans(HOP, limits);
  const ours = (spans: readonly (Request | Attempt)[]): Uint8Array => {
    const content = new ProtobufWriter(1);
    const writer = new SpanWriter(content, limits);
    for (const span of spans) {
      const { context, parent, begunAt, endedAt } = span;
      const describe = (to: SpanWriter): void => {
        if (span.kind === 'request')
          http.request(to, foldMethod(span.start.method), span.start, span.outcome);
        else http.attempt(to, foldMethod(span.method), span.start, span.outcome);
      };
      writer.write({ context, parent, begunAt, describe }, undefined, endedAt);
    }
    return Buffer.concat([head(content.length), content.bytes()]);
  };
  const theirs = (spans: readonly (Request | Attempt)[]): Uint8Array =>
    sdkMessage(
      {
        resource: owner,
        scope: SCOPE,
        limits: { attributeCountLimit: limits.attributeCount, attributeValueLengthLimit: limits.valueLength },
      },
      spans.map(span => (span.kind === 'request' ? sdkRequest(span) : sdkAttempt(span))),
    );
  return { ours, theirs };
};

/** The semantic conventions once more, as plainly as it goes. */
const sdkRequest = ({ start, outcome, ...told }: Request): SdkSpan => {
  const method = foldMethod(start.method);
  const verb = method === '_OTHER' ? 'HTTP' : method;
  const failed = outcome.status >= 500 || (outcome.cut === true && outcome.error !== undefined);
  const [address, port] = AUTHORITIES[start.authority] ?? [];
  const agent = start.rawHeaders.findIndex(name => name.toLowerCase() === 'user-agent');
  return {
    ...sdkFrame(told),
    name: outcome.where.route ? `${verb} ${outcome.where.route}` : verb,
    kind: SpanKind.SERVER,
    failed,
    attributes: said({
      'http.request.method': method,
      'http.request.method_original': method === start.method ? undefined : start.method.slice(0, 64),
      'url.path': start.path,
      'url.scheme': start.scheme,
      'client.address': start.clientAddress,
      'network.protocol.version': start.protocolVersion,
      'server.address': address,
      'server.port': port,
      'user_agent.original': agent < 0 ? undefined : start.rawHeaders[agent + 1]?.slice(0, 256),
      'http.response.status_code': outcome.status === 499 ? undefined : outcome.status,
      'error.type': outcome.error ?? (failed ? String(outcome.status) : undefined),
      'sluice.hop': HOP,
      'sluice.route': outcome.where.route || undefined,
      'sluice.service': outcome.where.service || undefined,
      'sluice.version': outcome.where.version || undefined,
    }),
  };
};

const sdkAttempt = ({ method: sent, start, outcome, ...told }: Attempt): SdkSpan => {
  const method = foldMethod(sent);
  const { status, error } = outcome;
  const failed = outcome.clientLeft !== true && (error !== undefined || (status ?? 0) >= 400);
  return {
    ...sdkFrame(told),
    name: method === '_OTHER' ? 'HTTP' : method,
    kind: SpanKind.CLIENT,
    failed,
    attributes: said({
      'http.request.method': method,
      'http.request.resend_count': start.resend || undefined,
      'server.address': start.address,
      'server.port': start.port,
      'http.response.status_code': status,
      'error.type': failed ? (error ?? String(status)) : undefined,
      'sluice.hop': HOP,
      'sluice.route': start.where.route,
      'sluice.service': start.where.service,
      'sluice.version': start.where.version,
      'sluice.instance': start.instanceId,
    }),
  };
};

const sdkFrame = ({ context, parent, begunAt, endedAt }: Told) => ({
  context,
  parent,
  begun: hrTime(begunAt),
  ended: hrTime(endedAt),
});

const hrTime = (epoch: number): HrTime => {
  const seconds = Math.floor(epoch / 1000);
  return [seconds, Math.floor((epoch - seconds * 1000) * 1e6)];
};

const said = (attributes: Record<string, string | number | undefined>): Attributes =>
  Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));

const AUTHORITIES: Record<string, readonly [string | undefined, number | undefined]> = {
  '': [undefined, undefined],
  'shop.example.com': ['shop.example.com', undefined],
  'shop.example.com:8080': ['shop.example.com', 8080],
  '10.0.0.7:80': ['10.0.0.7', 80],
  '[::1]': ['::1', undefined],
  'shop.example.com:1e30': ['shop.example.com', undefined],
  '[2001:db8::1]:8443': ['2001:db8::1', 8443],
};

/** Few, so that they come again: what is kept of one must not be told of another. */
const place = fc.constantFrom(
  new Where('shop.example.com/orders/*', 'orders', 'v1'),
  new Where('shop.example.com/orders/*', 'orders', 'v2'),
  new Where('/über/*', 'users', 'v1'),
);

const method = fc.constantFrom('GET', 'POST', 'QUERY', 'BREW', 'get', 'M'.repeat(100));
const error = fc.option(fc.constantFrom('connect_failed', 'upstream_reset', 'no_route'), { nil: undefined });
const status = fc.constantFrom(101, 200, 204, 304, 404, 499, 500, 503, 999);

/** As fine as a number holds the milliseconds of this century. */
const TICK = 2 ** -12;
const duration = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 1e12 })).map(ticks => ticks * TICK);
const moment = fc
  .oneof(fc.nat(), fc.integer({ min: 1.7e12, max: 4e12 }))
  .chain(whole => fc.nat({ max: 4095 }).map(ticks => whole + ticks * TICK));

const told = fc
  .record({
    drawn: spanContext,
    parent: fc.option(spanContext, { nil: undefined }),
    begunAt: moment,
    lasts: duration,
  })
  .map(({ drawn, parent, begunAt, lasts }): Told => {
    const { spanId } = drawn;
    const context: SpanContext =
      parent === undefined
        ? { traceId: drawn.traceId, spanId, traceFlags: 1 }
        : { ...parent, spanId, traceFlags: 1, isRemote: false };
    return { context, parent, begunAt, endedAt: begunAt + lasts };
  });

const request: fc.Arbitrary<Request> = fc
  .tuple(
    told,
    fc.record({
      method,
      path: text.map(path => `/${path}`),
      scheme: fc.constantFrom('http', 'https'),
      authority: fc.constantFrom(...Object.keys(AUTHORITIES)),
      protocolVersion: fc.constantFrom('1.0', '1.1', '2'),
      clientAddress: fc.constantFrom('10.1.2.3', '2001:db8::7'),
      requestId: fc.constant('r'),
      rawHeaders: fc.oneof(
        fc.constant(['Host', 'x']),
        text.map(agent => ['Host', 'x', 'User-Agent', agent]),
        text.map(agent => ['user-agent', agent, 'accept', '*/*']),
      ),
    }),
    fc.option(place, { nil: NOWHERE }),
    fc.record({ status, error, cut: fc.boolean() }),
  )
  .map(([frame, start, where, { error: code, ...ending }]) => ({
    ...frame,
    kind: 'request',
    start,
    outcome: { where, ...ending, ...(code && { error: code }), received: 0, sent: 0 },
  }));

const attempt: fc.Arbitrary<Attempt> = fc
  .tuple(
    told,
    method,
    place,
    fc.record({
      instanceId: fc.constantFrom('node/orders-1', 'node/ördërs-2'),
      address: fc.constantFrom('10.0.0.1', '10.0.0.2', 'db.internal'),
      port: fc.constantFrom(80, 3000, 65_535),
      resend: fc.nat({ max: 2 }),
    }),
    fc.record({ status: fc.option(status, { nil: undefined }), error, clientLeft: fc.boolean() }),
  )
  .map(([frame, sent, where, at, { status: code, error: failure, clientLeft }]) => ({
    ...frame,
    kind: 'attempt',
    method: sent,
    start: { where, ...at },
    outcome: { ...(code && { status: code }), ...(failure && { error: failure }), clientLeft },
  }));

const spans = fc.array(fc.oneof(request, attempt), { minLength: 1, maxLength: 6 });

/** What surrounds the spans: resource, scope, and their schemas. */
const frameOf = (bytes: Uint8Array) =>
  decodeRequest(bytes).resourceSpans.map(({ scopeSpans, ...resource }) => ({
    ...resource,
    scopeSpans: scopeSpans.map(({ spans: all, ...scope }) => ({ ...scope, spans: all.length })),
  }));

describe('spans as OTLP protobuf', () => {
  it("mean the same as what OpenTelemetry's SDK and its serialiser make of the same requests", () => {
    const { ours, theirs } = writing(DEFAULT_SPAN_LIMITS);
    fc.assert(
      fc.property(spans, all => {
        assert.deepEqual(decodeTraces(ours(all)), decodeTraces(theirs(all)));
      }),
      { numRuns: 500 },
    );
  });

  it('stand in the frame that they make of resource and scope', () => {
    fc.assert(
      fc.property(attributes, spans, (resource, all) => {
        const { ours, theirs } = writing(DEFAULT_SPAN_LIMITS, resource);
        assert.deepEqual(frameOf(ours(all)), frameOf(theirs(all)));
      }),
      { numRuns: 100 },
    );
  });

  it('are cut short where they are told to be, as by the SDK', () => {
    const { ours, theirs } = writing({ attributeCount: 128, valueLength: 3 });
    fc.assert(
      fc.property(spans, all => {
        assert.deepEqual(decodeTraces(ours(all)), decodeTraces(theirs(all)));
      }),
      { numRuns: 100 },
    );
  });

  it('have as many attributes as they may, and count the others, as with the SDK', () => {
    const unlimited = writing(DEFAULT_SPAN_LIMITS);
    for (const attributeCount of [1, 2, 5, 7, 8, 9, 12]) {
      const { ours, theirs } = writing({ ...DEFAULT_SPAN_LIMITS, attributeCount });
      fc.assert(
        fc.property(spans, all => {
          const complete = decodeTraces(unlimited.ours(all));
          const expected = decodeTraces(theirs(all));
          decodeTraces(ours(all)).forEach((span, i) => {
            assert.deepEqual({ ...complete[i], ...span }, span);
            assert.deepEqual(span.dropped, expected[i]?.dropped);
            const kept = Object.entries(span.attributes);
            assert.equal(kept.length, Object.keys(expected[i]?.attributes ?? {}).length);
            for (const [key, value] of kept) assert.equal(value, complete[i]?.attributes[key]);
          });
        }),
        { numRuns: 30 },
      );
    }
  });

  it('hold times as finely as they are told', () => {
    const { ours } = writing(DEFAULT_SPAN_LIMITS);
    const [sample] = fc.sample(request, { numRuns: 1, seed: 1 });
    assert.ok(sample !== undefined);
    for (const [epoch, nanos] of [
      [0, 0n],
      [0.5, 500_000n],
      [1_700_000_000_123.5, 1_700_000_000_123_500_000n],
      [4_294_967_295_999.75, 4_294_967_295_999_750_000n],
      [18_446_744_073_709, 18_446_744_073_709_000_000n],
    ] as const) {
      const [span] = decodeTraces(ours([{ ...sample, begunAt: epoch, endedAt: epoch }]));
      assert.equal(span?.startNanos, nanos);
      assert.equal(span.endNanos, nanos);
    }
  });

  it('hold values whose length takes more than one byte', () => {
    const { ours } = writing(DEFAULT_SPAN_LIMITS);
    const [sample] = fc.sample(request, { numRuns: 1, seed: 1 });
    assert.ok(sample !== undefined);
    for (const length of [94, 95, 96, 97, 126, 127, 128, 16_383, 16_384, 100_000]) {
      for (const character of ['a', 'é']) {
        const path = character.repeat(length);
        const outcome = { ...sample.outcome, where: new Where(path, '', '') };
        const [span] = decodeTraces(ours([{ ...sample, start: { ...sample.start, path }, outcome }]));
        assert.equal(span?.attributes['url.path'], path);
        assert.equal(span.attributes['sluice.route'], path);
        assert.ok(span.name.endsWith(path));
      }
    }
  });
});
