import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.ts';

describe('the OTLP receiver of the tests', () => {
  let receiver: OtlpReceiver;
  before(async () => {
    receiver = await startOtlpReceiver();
  });
  after(() => receiver.stop());

  const post = async (
    body: Uint8Array<ArrayBuffer>,
    headers: Record<string, string> = {},
    path = '/v1/traces',
  ) => {
    const response = await fetch(`${receiver.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf', ...headers },
      body,
    });
    await response.arrayBuffer();
    return response.status;
  };

  /** ResourceSpans > ScopeSpans > Span, by hand: lengths, then field 1 (trace id) and 2 (span id). */
  const span = (traceIdLength: number): Uint8Array<ArrayBuffer> => {
    const ids = [
      0x0a,
      traceIdLength,
      ...Array<number>(traceIdLength).fill(0xab),
      0x12,
      8,
      ...Array<number>(8).fill(0xcd),
    ];
    const scopeSpans = [0x12, ids.length, ...ids];
    const resourceSpans = [0x12, scopeSpans.length, ...scopeSpans];
    return Uint8Array.from([0x0a, resourceSpans.length, ...resourceSpans]);
  };

  it('takes a span, plain and gzipped', async () => {
    assert.equal(await post(span(16)), 200);
    assert.equal(await post(Uint8Array.from(gzipSync(span(16))), { 'content-encoding': 'gzip' }), 200);
    const spans = await receiver.waitFor(2);
    assert.equal(spans[1]?.traceId, 'ab'.repeat(16));
    assert.equal(spans[1]?.spanId, 'cd'.repeat(8));
  });

  const refused: [string, number, () => Promise<number>][] = [
    ['a truncated message', 400, () => post(span(16).slice(0, -3))],
    ['a trace id of 15 bytes', 400, () => post(span(15))],
    ['text', 400, () => post(Uint8Array.from(Buffer.from('{"resourceSpans":[]}')))],
    ['gzip that is none', 400, () => post(span(16), { 'content-encoding': 'gzip' })],
    ['another content type', 415, () => post(span(16), { 'content-type': 'application/json' })],
    ['another path', 404, () => post(span(16), {}, '/v1/logs')],
  ];
  for (const [name, status, send] of refused) {
    it(`answers ${status} to ${name}`, async () => {
      const before = receiver.spans().length;
      assert.equal(await send(), status);
      assert.equal(receiver.spans().length, before);
    });
  }

  it('says what came instead of what was waited for', async () => {
    await assert.rejects(receiver.waitFor(1000, 20), /not the spans waited for within 20 ms; \d+ came/);
  });
});
