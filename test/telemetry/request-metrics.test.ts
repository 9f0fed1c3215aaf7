import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NOWHERE, Where } from '../../src/core/model/where.ts';
import { METHODS, OTHER_METHOD } from '../../src/telemetry/http-semantics.ts';
import { createMetrics, type Metrics } from '../../src/telemetry/metrics.ts';
import type { RequestOutcome } from '../../src/telemetry/observer.ts';
import { MAX_SERIES } from '../../src/telemetry/places.ts';
import { Naive } from './support/naive.ts';
import { pageOf, readPage, scrape } from './support/scrape.ts';

/** Those of requests and attempts. */
const counted = async (metrics: Metrics): Promise<Map<string, number>> => {
  const pattern = /^sluice_(request|response|attempt)s?_(total|duration|body)/;
  return new Map([...(await scrape(metrics))].filter(([series]) => pattern.test(series)));
};

/** As `counted`, without buckets: of thousands of series. */
const totals = async (metrics: Metrics): Promise<Map<string, number>> =>
  readPage((await pageOf(metrics)).replace(/^sluice\w+_bucket.*\n/gm, ''));

const sorted = (figures: ReadonlyMap<string, number>): [string, number][] =>
  [...figures].sort(([a], [b]) => (a < b ? -1 : 1));

/** Draws of one seed: the same at each run (mulberry32). */
const drawsOf = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

const one = <T>(draw: () => number, of: readonly T[]): T => of[Math.floor(draw() * of.length)] as T;

const wheres = (): Where[] => [
  NOWHERE,
  new Where('', 'orders', ''),
  ...['orders', 'users', 'carts'].flatMap(service =>
    ['', 'v1', 'v2'].map(version => new Where(`/${service}/*`, service, version)),
  ),
];

const outcomeOf = (draw: () => number, where: Where): RequestOutcome => {
  const status = one(draw, [200, 200, 200, 204, 101, 302, 404, 499, 503, 799, 0]);
  return {
    where,
    status,
    // Whole numbers, and halves below: sums are the same in whichever order.
    received: one(draw, [0, 0, 7]),
    sent: one(draw, [0, 512]),
    ...(draw() < 0.2 ? { error: one(draw, ['no_route', 'upstream_reset'] as const) } : {}),
    ...(status === 101 ? { upgraded: true } : {}),
  };
};

describe('figures of requests', () => {
  for (const seed of [1, 2, 3]) {
    it(`are those of a naive count, through swaps and forgetting (${seed})`, async () => {
      const draw = drawsOf(seed);
      const metrics = createMetrics({ version: '0' });
      const naive = new Naive();
      const hops = ['gateway', 'sidecar-inbound'];
      let places = wheres();
      for (let i = 0; i < 20_000; i++) {
        // A table is compiled anew: other objects, the same places.
        if (draw() < 0.001) places = wheres();
        if (draw() < 0.0005) {
          const service = one(draw, ['orders', 'users', 'carts']);
          const live = {
            route: (route: string) => route !== `/${service}/*`,
            version: (of: string, version: string) => of !== service || version === 'v1',
          };
          metrics.retain(live);
          naive.retain(live);
        }
        const hop = one(draw, hops);
        const where = one(draw, places);
        const seconds = one(draw, [0, 0.0009765625, 0.001, 0.5, 61]);
        if (draw() < 0.5) {
          const method = one(draw, ['GET', 'GET', ...METHODS, OTHER_METHOD]);
          const outcome = outcomeOf(draw, where);
          metrics.forHop(hop).requestEnded(method, outcome, seconds);
          naive.requestEnded(hop, method, outcome, seconds);
        } else {
          const start = { where, instanceId: 'i', address: '10.0.0.1', port: 1, resend: 0 };
          const { status, error } = outcomeOf(draw, where);
          const outcome = {
            ...(draw() < 0.9 ? { status } : {}),
            ...(error === undefined ? {} : { error }),
            ...(draw() < 0.1 ? { clientLeft: true } : {}),
          };
          metrics.forHop(hop).attemptEnded(start, outcome, seconds);
          naive.attemptEnded(hop, start, outcome, seconds);
        }
      }
      const figures = await counted(metrics);
      assert.ok(figures.size > 500, `only ${figures.size} series`);
      const rounded = (all: ReadonlyMap<string, number>) =>
        sorted(all).map(([series, value]) => [series, Math.round(value * 1e6) / 1e6]);
      assert.deepEqual(rounded(figures), rounded(naive.figures()));
    });
  }

  it('are found by many who ask for the same place', async () => {
    const metrics = createMetrics({ version: '0' });
    const where = new Where('/a/*', 'a', 'v1');
    for (const hop of ['x', 'y', 'x', 'y']) {
      metrics.forHop(hop).requestEnded('GET', { where, status: 200, received: 0, sent: 0 }, 0.1);
    }
    const figures = await counted(metrics);
    for (const hop of ['x', 'y']) {
      const labels = `hop="${hop}",route="/a/*",service="a",version="v1",method="GET",status="2xx",error=""`;
      assert.equal(figures.get(`sluice_requests_total{${labels}}`), 2, hop);
    }
  });
});

const OVER = 50;
const ALL_OTHER = (...names: string[]): string => names.map(name => `${name}="_other"`).join(',');
const PLACE = ['hop', 'route', 'service', 'version'];

describe('beyond the limit on series', () => {
  it('places are counted together under _other, and have room again once others are forgotten', async () => {
    const metrics = createMetrics({ version: '0' });
    const hop = metrics.forHop('gateway');
    const places = Array.from({ length: MAX_SERIES + OVER }, (_, i) => new Where(`/${i}`, `s${i}`, 'v1'));
    const ask = (where: Where, status = 200): void => {
      hop.attemptEnded({ where, instanceId: 'i', address: 'a', port: 1, resend: 0 }, { status }, 0.25);
      hop.requestEnded('POST', { where, status, received: 1, sent: 2 }, 0.5);
    };
    for (const where of places) ask(where);
    ask(places[0] as Where);
    ask(places[0] as Where, 500);
    ask(places.at(-1) as Where, 500);
    const figures = await totals(metrics);
    const of = (name: string, ...more: string[]) =>
      figures.get(`sluice_${name}{${ALL_OTHER(...PLACE, ...more)}}`);
    assert.equal(of('requests_total', 'method', 'status', 'error'), OVER + 2);
    assert.equal(of('request_duration_seconds_count', 'status'), OVER + 2);
    assert.equal(of('request_duration_seconds_sum', 'status'), (OVER + 2) / 2);
    assert.equal(of('request_body_bytes_total'), OVER + 2);
    assert.equal(
      figures.get(`sluice_attempts_total{${ALL_OTHER('hop', 'service', 'version', 'result')}}`),
      OVER + 2,
    );
    const series = [...figures.keys()].filter(key => key.startsWith('sluice_requests_total'));
    assert.equal(series.length, MAX_SERIES + 1);
    assert.equal(
      figures.get(
        'sluice_requests_total{hop="gateway",route="/0",service="s0",version="v1",method="POST",status="2xx",error=""}',
      ),
      2,
    );

    metrics.retain({ route: route => route === places.at(-1)?.route, version: () => true });
    ask(places.at(-1) as Where);
    const after = await totals(metrics);
    assert.equal([...after].filter(([key]) => key.startsWith('sluice_requests_total')).length, 2);
    assert.equal(
      after.get(`sluice_requests_total{${ALL_OTHER(...PLACE, 'method', 'status', 'error')}}`),
      OVER + 2,
    );
  });

  it('so are methods and errors', async () => {
    const metrics = createMetrics({ version: '0' });
    const hop = metrics.forHop('gateway');
    const methods = [...METHODS, OTHER_METHOD];
    const places = Array.from({ length: MAX_SERIES / 10 }, (_, i) => new Where(`/${i}`, `s${i}`, 'v1'));
    for (const method of methods) {
      for (const where of places) hop.requestEnded(method, { where, status: 200, received: 0, sent: 0 }, 0.5);
    }
    const [where = NOWHERE] = places;
    hop.requestEnded('GET', { where, status: 502, error: 'connect_failed', received: 0, sent: 0 }, 0.5);
    const figures = await totals(metrics);
    const series = [...figures.keys()].filter(key => key.startsWith('sluice_requests_total'));
    assert.equal(series.length, MAX_SERIES + 1);
    const other = figures.get(`sluice_requests_total{${ALL_OTHER(...PLACE, 'method', 'status', 'error')}}`);
    assert.equal(other, places.length + 1);
  });
});

it('rows of what is gone are used again: months of services that come and go take no more memory', async () => {
  const metrics = createMetrics({ version: '0' });
  const hop = metrics.forHop('gateway');
  const round = (n: number): void => {
    for (let i = 0; i < 1_000; i++) {
      const where = new Where(`/${n}/${i}`, `s${n}-${i}`, 'v1');
      hop.attemptEnded({ where, instanceId: 'i', address: 'a', port: 1, resend: 0 }, { status: 200 }, 0.25);
      for (const status of [200, 404]) hop.requestEnded('GET', { where, status, received: 0, sent: 0 }, 0.5);
    }
    metrics.retain({ route: () => false, version: () => false });
  };
  for (let n = 0; n < 20; n++) round(n);
  const { arrayBuffers } = process.memoryUsage();
  for (let n = 0; n < 200; n++) round(n);
  const grown = process.memoryUsage().arrayBuffers - arrayBuffers;
  assert.ok(grown < 1_000_000, `${grown} bytes more`);
  assert.equal((await counted(metrics)).size, 0);
});
