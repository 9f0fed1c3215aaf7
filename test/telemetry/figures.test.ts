import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  countsOf,
  type Figure,
  type Figures,
  inFigures,
  joinFigures,
  retainFigure,
  totalOf,
} from '../../src/telemetry/figures.ts';
import { createPace } from '../../src/telemetry/pace.ts';

const counter = (name: string, values: Record<string, number>): Figure[] => [
  ...inFigures({ name, help: 'h', type: 'counter' }, Object.entries(values)),
];

const join = async (...all: Figures[]): Promise<Figure[]> => {
  const joined: Figure[] = [];
  for await (const figure of joinFigures(all, createPace())) joined.push(figure);
  return joined;
};

const valuesOf = (figures: readonly Figure[], name: string): Record<string, number> =>
  Object.fromEntries(
    figures
      .filter(figure => figure.name === name)
      .flatMap(({ series, values }) => series.map((each, i) => [each, values[i] as number])),
  );

describe('figures of several processes', () => {
  it('are added up series by series, in whatever pieces they come', async () => {
    const many = (value: number) =>
      Object.fromEntries(Array.from({ length: 250 }, (_, i) => [`{i="${i}"}`, value]));
    const joined = await join(
      counter('c', many(1)),
      counter('c', { ...many(2), '{i="new"}': 5 }),
      counter('d', { '': 1 }),
    );
    assert.deepEqual(valuesOf(joined, 'c'), { ...many(3), '{i="new"}': 5 });
    assert.deepEqual(valuesOf(joined, 'd'), { '': 1 });
    assert.ok(joined.every(({ series }) => series.length <= 100));
    assert.equal(totalOf(joined, 'c'), 755);
    assert.equal(totalOf(joined, 'nobody'), 0);
  });

  it('are the most of them where it says so', async () => {
    const gauge = (value: number) =>
      inFigures({ name: 'g', help: 'h', type: 'gauge', aggregator: 'max' }, [['', value]]);
    assert.deepEqual(valuesOf(await join(gauge(2), gauge(7), gauge(3)), 'g'), { '': 7 });
  });

  it('histograms are added up bucket by bucket', async () => {
    const head = { name: 'h', help: 'h', type: 'histogram', bounds: [1, 2] };
    const [joined] = await join(
      inFigures(head, [
        ['{a="1"}', [1, 2, 3, 4.5]],
        ['{a="2"}', [1, 1, 1, 1]],
      ]),
      inFigures(head, [
        ['{a="2"}', [0, 0, 2, 9]],
        ['{a="1"}', [1, 0, 0, 0.5]],
      ]),
    );
    assert.deepEqual(joined?.series, ['{a="1"}', '{a="2"}']);
    assert.deepEqual(joined?.values, [2, 2, 3, 5, 1, 1, 3, 10]);
  });

  it('of one that is gone its counts remain, but neither its state nor what was its process', () => {
    const figures = [
      ...counter('requests', { '': 1 }),
      ...inFigures({ name: 'cpu', help: 'h', type: 'counter', isOfProcess: true }, [['', 1]]),
      ...inFigures({ name: 'open', help: 'h', type: 'gauge' }, [['', 1]]),
      ...inFigures({ name: 'took', help: 'h', type: 'histogram', bounds: [] }, [['', [1, 1]]]),
    ];
    assert.deepEqual(
      countsOf(figures).map(({ name }) => name),
      ['requests', 'took'],
    );
  });

  it('forget what is no more, histograms included', () => {
    const at = (route: string, version: string) =>
      `{hop="g",route="${route}",service="s",version="${version}"}`;
    const head = { name: 'h', help: 'h', type: 'histogram', bounds: [1] };
    const [figure] = inFigures(head, [
      [at('/gone', 'v1'), [1, 1, 1]],
      [at('/a', 'v1'), [2, 2, 2]],
      [at('/a', 'v0'), [3, 3, 3]],
      ['{service="s"}', [4, 4, 4]],
    ]);
    assert.ok(figure);
    const live = {
      route: (route: string) => route === '/a',
      version: (_: string, version: string) => version === 'v1',
    };
    const { series, values } = retainFigure(figure, live);
    assert.deepEqual(series, [at('/a', 'v1'), '{service="s"}']);
    assert.deepEqual(values, [2, 2, 2, 4, 4, 4]);
  });
});
