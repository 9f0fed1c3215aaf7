import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { flawsOf, type Measurement, rowsOf, spread } from '../../bench/figures.ts';

const measurement = (peer: string, round: number, more: Partial<Measurement> = {}): Measurement => ({
  case: 'get-64',
  peer,
  round,
  perSecond: 1_000,
  p50: 1,
  p99: 2,
  p999: 3,
  bad: 0,
  ...more,
});

describe('spread', () => {
  const table: [string, number[], { median: number; min: number; max: number }][] = [
    ['one value', [3], { median: 3, min: 3, max: 3 }],
    ['an odd number, in any order', [9, 1, 10], { median: 9, min: 1, max: 10 }],
    ['an even number', [4, 1, 2, 100], { median: 3, min: 1, max: 100 }],
  ];
  for (const [name, values, expected] of table) {
    it(name, () => assert.deepEqual(spread(values), expected));
  }
  it('of nothing there is none', () => assert.throws(() => spread([]), /no values/));
});

describe('rows', () => {
  it('a ratio is made within a round: a machine that was slow for both moves it not', () => {
    const rows = rowsOf(
      [
        measurement('nginx', 1, { cpu: 10 }),
        measurement('sluice', 1, { cpu: 20 }),
        measurement('sluice', 2, { cpu: 200 }),
        measurement('nginx', 2, { cpu: 100 }),
      ],
      ['nginx'],
    );
    assert.deepEqual(
      rows.map(row => [row.peer, row.rounds, row.cpu?.median, row.ratios.nginx]),
      [
        ['nginx', 2, 55, undefined],
        ['sluice', 2, 110, { times: { median: 2, min: 2, max: 2 }, more: { median: 55, min: 10, max: 100 } }],
      ],
    );
  });

  it('rounds that the other did not take part in count for no ratio', () => {
    const rows = rowsOf(
      [
        measurement('sluice', 1, { cpu: 30 }),
        measurement('sluice', 2, { cpu: 50 }),
        measurement('nginx', 2, { cpu: 10 }),
      ],
      ['nginx', 'http-proxy'],
    );
    assert.deepEqual(rows[0]?.ratios.nginx?.times, { median: 5, min: 5, max: 5 });
    assert.equal(rows[0]?.ratios['http-proxy'], undefined);
  });

  it('the direct way has neither CPU nor memory', () => {
    const [row] = rowsOf([measurement('direct', 1)], ['nginx']);
    assert.equal(row?.cpu, undefined);
    assert.equal(row?.rss, undefined);
    assert.deepEqual(row === undefined ? undefined : flawsOf(row), []);
  });
});

describe('flaws', () => {
  const table: [string, Partial<Measurement>, string[]][] = [
    ['none', { cpu: 1 }, []],
    ['an answer that was not 2xx', { cpu: 1, bad: 2 }, ['4 bad answers']],
    ['nothing came through', { cpu: 1, perSecond: 0 }, ['no throughput']],
    ['no latency', { cpu: 1, p50: 0 }, ['no latency']],
    ['no CPU', { cpu: 0 }, ['no CPU figure']],
  ];
  for (const [name, more, expected] of table) {
    it(name, () => {
      const [row] = rowsOf([measurement('sluice', 1, more), measurement('sluice', 2, more)], []);
      assert.deepEqual(row === undefined ? undefined : flawsOf(row), expected);
    });
  }
});
