import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hints } from '../../examples/demo/commands.ts';
import { Traces, traceTree } from '../../examples/demo/traces.ts';
import { type Sample, Window } from '../../examples/demo/traffic.ts';
import { frame, paintFor, pictureOf, plainLine } from '../../examples/demo/view.ts';
import type { ReceivedSpan } from '../support/otlp-decode.ts';

const sample = (at: number, version: string, ms = 10, ok = true): Sample => ({ at, version, ms, ok });

describe('figures of the traffic', () => {
  it('count the last seconds only, by version', () => {
    const window = new Window(10_000);
    window.add(sample(0, 'v1', 500));
    for (let i = 1; i <= 99; i += 1) window.add(sample(1_000 + i * 100, 'v1', i));
    window.add({ at: 10_950, ms: 5_000, ok: false });
    const all = window.figures(11_000);
    assert.deepEqual(all, { requests: 100, perSecond: 100 / 9.9, errors: 1, p50: 50, p99: 99 });
    assert.equal(window.figures(11_000, 'v1').requests, 99);
    assert.deepEqual(window.figures(60_000), { requests: 0, perSecond: 0, errors: 0 });
  });

  it('do not take the first requests of a second for a flood', () => {
    const window = new Window(10_000);
    window.add(sample(0, 'v1'));
    window.add(sample(50, 'v1'));
    assert.equal(window.figures(51).perSecond, 2);
  });
});

describe('the view', () => {
  const dial = {
    weights: { v1: 95, v2: 5, v3: 0 },
    versions: [
      { version: 'v1', share: 0.95, live: 2 },
      { version: 'v2', share: 0.05, live: 1 },
    ],
  };
  const window = new Window(10_000);
  for (let i = 0; i < 10; i += 1) window.add(sample(i, i < 9 ? 'v1' : 'v2', 10, i > 0));
  const picture = pictureOf(dial, window, 1_000);

  it('shows what was asked for beside what was seen, also of versions that are not live', () => {
    assert.equal(
      plainLine(picture),
      'weights v1=95 v2=5 v3=0 | asked v1 95.0 %, v2 5.0 %, v3 0.0 % | seen v1 90.0 %, v2 10.0 %, v3 0.0 %' +
        ' | 10.0 req/s | errors 1 | p50 10.0 ms | p99 10.0 ms | live v1 2, v2 1, v3 0',
    );
  });

  const surroundings = {
    title: 'Sluice demo',
    notes: ['Port 8080 is taken.'],
    hints: hints({
      gateway: '127.0.0.1:1',
      admin: '127.0.0.1:2',
      consul: '127.0.0.1:3',
      page: '127.0.0.1:4',
      otlp: '127.0.0.1:5',
      redis: '127.0.0.1:6',
    }),
  };

  it('fits a terminal of 24 lines and 80 columns with two versions, commands and all', () => {
    const two = pictureOf({ versions: dial.versions }, window, 1_000);
    const lines = frame({ ...surroundings, ...two }, paintFor(false));
    assert.ok(lines.length <= 23, `${lines.length} lines`);
    assert.deepEqual(
      lines.filter(line => line.length > 80),
      [],
    );
    assert.ok(lines.includes('  npx sluice weights set orders v1=50 v2=50 --redis redis://127.0.0.1:6'));
    assert.ok(lines.includes('Port 8080 is taken.'));
  });

  it('keeps its columns with colours, and has none without', () => {
    const plain = frame({ ...surroundings, ...picture }, paintFor(false));
    const coloured = frame({ ...surroundings, ...picture }, paintFor(true));
    assert.ok(!plain.join('').includes('\x1b'));
    const codes = new RegExp(`${'\x1b'}\\[\\d+m`, 'g');
    assert.deepEqual(
      coloured.map(line => line.replace(codes, '')),
      plain,
    );
  });
});

describe('traces', () => {
  const span = (spanId: string, parentSpanId: string | undefined, startMs: number): ReceivedSpan => ({
    traceId: 't1',
    spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    traceState: '',
    name: 'GET',
    kind: 'SERVER',
    startNanos: BigInt(startMs * 1_000_000),
    endNanos: BigInt((startMs + 2) * 1_000_000),
    attributes: { 'sluice.hop': 'gateway', 'sluice.version': 'v1', 'http.response.status_code': 200 },
    status: 'UNSET',
    statusMessage: '',
    events: [],
    links: [],
    dropped: [0, 0, 0],
    flags: 0x101,
    resource: { 'service.name': spanId },
    scope: '',
  });

  it('are whole when every parent is there and nothing came for a while', () => {
    const traces = new Traces();
    traces.add([span('child', 'root', 1)], 0);
    traces.add([span('other', 'nobody', 1)], 0);
    assert.equal(traces.get('t1', 10_000), undefined, 'two spans whose parents are missing');
    const whole = new Traces();
    whole.add([span('child', 'root', 1), span('root', 'the-caller', 0)], 0);
    assert.equal(whole.get('t1', 1_000), undefined, 'too early to tell');
    assert.equal(whole.get('t1', 2_000)?.spans.length, 2);
    assert.equal(whole.newest(2_000)?.id, 't1');
    assert.equal(whole.newest(2_000, 'v1')?.id, 't1');
    assert.equal(whole.newest(2_000, 'v2'), undefined);
  });

  it('are drawn as a tree in the order of time', () => {
    const spans = [span('c', 'a', 5), span('d', 'b', 2), span('b', 'a', 1), span('a', undefined, 0)];
    assert.equal(
      traceTree({ id: 't1', spans }),
      [
        'trace t1, 4 spans',
        '',
        'WHO      HOP      KIND    ROUTE  SERVICE  VERSION  STATUS    START  DURATION',
        'a        gateway  server                  v1       200     +0.0 ms    2.0 ms',
        '├─ b     gateway  server                  v1       200     +1.0 ms    2.0 ms',
        '│  └─ d  gateway  server                  v1       200     +2.0 ms    2.0 ms',
        '└─ c     gateway  server                  v1       200     +5.0 ms    2.0 ms',
        '',
      ].join('\n'),
    );
  });
});
