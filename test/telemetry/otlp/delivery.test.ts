import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createTcpServer } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { createDelivery, type Verdict } from '../../../src/telemetry/otlp/delivery.ts';
import { createPoster, type Poster } from '../../../src/telemetry/otlp/post.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { encodePartialSuccess } from '../../support/otlp-decode.ts';
import { type OtlpReceiver, type ScriptedAnswer, startOtlpReceiver } from '../../support/otlp-receiver.ts';
import { eventually } from '../../support/wait.ts';

const TIMEOUT = 10_000;
const WALL = Date.parse('2026-01-01T00:00:00Z');

let receiver: OtlpReceiver;
let poster: Poster;
let clock: FakeClock;

beforeEach(async () => {
  receiver = await startOtlpReceiver();
  poster = createPoster(new URL('/v1/traces', receiver.url), {}, 2);
  clock = new FakeClock(WALL);
});
afterEach(async () => {
  poster.close();
  await receiver.stop();
});

/** A message without spans is a message. */
const deliver = (spans = 7, signal = new AbortController().signal, chance = 1): Promise<Verdict> =>
  createDelivery({ poster, timeout: TIMEOUT, timers: clock, chance: () => chance })([], spans, signal);

/** Resolves with the milliseconds that the delivery pauses before its next try; its end is the other timer. */
const nextPause = (): Promise<number> =>
  eventually(() => (clock.pending === 2 ? clock.waiting()[0] : undefined), { within: 2000, hint: 'a pause' });

const TAKEN: Verdict = { failed: 0, reason: '' };

describe('a delivery', () => {
  it('is done when the receiver takes it, and leaves no timer behind', async () => {
    assert.deepEqual(await deliver(), TAKEN);
    assert.equal(receiver.requests(), 1);
    assert.equal(clock.pending, 0);
  });

  for (const status of [429, 502, 503, 504]) {
    it(`is tried again after ${status}, each time later`, async () => {
      receiver.answerNext(...Array<ScriptedAnswer>(3).fill({ status }));
      const delivered = deliver();
      for (const pause of [500, 1000, 2000]) {
        assert.equal(await nextPause(), pause);
        clock.advance(pause);
      }
      assert.deepEqual(await delivered, TAKEN);
      assert.equal(receiver.requests(), 4);
    });
  }

  it('is not tried again in step with others', async () => {
    receiver.answerNext({ status: 503 });
    const delivered = deliver(7, undefined, 0);
    assert.equal(await nextPause(), 250);
    clock.advance(250);
    assert.deepEqual(await delivered, TAKEN);
  });

  for (const status of [300, 400, 401, 404, 413, 500, 501]) {
    it(`is not tried again after ${status}`, async () => {
      receiver.answerNext({ status });
      assert.deepEqual(await deliver(), { failed: 7, reason: `the receiver answered ${status}` });
      assert.equal(receiver.requests(), 1);
    });
  }

  const waits: [string, number][] = [
    ['3', 3000],
    ['0', 0],
    ['Thu, 01 Jan 2026 00:00:04 GMT', 4000],
    ['Thu, 01 Jan 2025 00:00:00 GMT', 0],
    ['soon', 500],
  ];
  for (const [text, pause] of waits) {
    it(`waits ${pause} ms for Retry-After: ${text}`, async () => {
      receiver.answerNext({ status: 429, headers: { 'retry-after': text } });
      const delivered = deliver();
      assert.equal(await nextPause(), pause);
      clock.advance(pause);
      assert.deepEqual(await delivered, TAKEN);
    });
  }

  it('does not wait beyond its time', async () => {
    receiver.answerNext({ status: 503, headers: { 'retry-after': '11' } });
    assert.deepEqual(await deliver(), { failed: 7, reason: 'the receiver answered 503' });
  });

  it('ends with its time while the receiver hangs', async () => {
    receiver.mode('hang');
    const delivered = deliver();
    await eventually(() => receiver.requests() === 1, { within: 2000, hint: 'the request' });
    clock.advance(TIMEOUT);
    assert.deepEqual(await delivered, { failed: 7, reason: 'no answer in time' });
  });

  it('is given up by its signal, in a try and in a pause', async () => {
    const asked = new AbortController();
    receiver.mode('hang');
    const trying = deliver(7, asked.signal);
    await eventually(() => receiver.requests() === 1, { within: 2000, hint: 'the request' });
    asked.abort();
    assert.equal((await trying).failed, 7);

    const waiting = new AbortController();
    receiver.mode('unavailable');
    const paused = deliver(7, waiting.signal);
    await nextPause();
    waiting.abort();
    assert.equal((await paused).failed, 7);
    assert.equal(clock.pending, 0);
  });

  it('is tried again while nobody listens', async () => {
    const { port } = receiver;
    await receiver.stop();
    const delivered = deliver();
    const pause = await nextPause();
    receiver = await startOtlpReceiver(port);
    clock.advance(pause);
    assert.deepEqual(await delivered, TAKEN);
  });

  it('is tried again when the connection breaks without an answer', async () => {
    const server = createTcpServer(socket => socket.once('data', () => socket.destroy()));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    poster.close();
    poster = createPoster(new URL(`http://127.0.0.1:${port}/v1/traces`), {}, 2);
    const delivered = deliver();
    const pause = await nextPause();
    server.close();
    await receiver.stop();
    receiver = await startOtlpReceiver(port);
    clock.advance(pause);
    assert.deepEqual(await delivered, TAKEN);
  });

  it('counts what the receiver rejects of it', async () => {
    receiver.answerNext({ status: 200, body: encodePartialSuccess(3, 'too old') });
    assert.deepEqual(await deliver(), { failed: 3, reason: 'too old' });
  });

  const odd: [string, Uint8Array, number][] = [
    ['a warning alone', encodePartialSuccess(0, 'slow down'), 0],
    ['more than there were', encodePartialSuccess(1e15, ''), 7],
    ['less than nothing', encodePartialSuccess(-1, ''), 7],
    ['no protobuf', Buffer.from('{"partialSuccess":{}}'), 0],
    ['a message that breaks off', encodePartialSuccess(3, 'too old').subarray(0, 3), 0],
    ['varints without an end', new Uint8Array(50).fill(0xff), 0],
    ['fields that nobody knows yet', Buffer.from('5005590101010101010101', 'hex'), 0],
  ];
  for (const [name, body, failed] of odd) {
    it(`survives an answer with ${name}`, async () => {
      receiver.answerNext({ status: 200, body });
      assert.equal((await deliver()).failed, failed);
    });
  }

  it('takes an answer that comes before all was sent', async () => {
    receiver.answerNext({ status: 413, early: true });
    const large = Buffer.alloc(8_000_000);
    const ask = createDelivery({ poster, timeout: TIMEOUT, timers: clock, chance: () => 0 });
    const { failed } = await ask([large], 7, new AbortController().signal);
    assert.equal(failed, 7);
    assert.deepEqual(await deliver(), TAKEN);
  });
});
