import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { Gauge, Histogram, Registry } from 'prom-client';
import { CONTENT_TYPE, inBraces, labelText, readLabels } from '../../src/telemetry/exposition.ts';
import { type Figure, inFigures } from '../../src/telemetry/figures.ts';
import { createPace } from '../../src/telemetry/pace.ts';
import { renderFigures } from '../../src/telemetry/render.ts';

const ODD = ['plain', '', 'a"b\\c', 'line\nbreak', '\\n', '"', '\\', 'ü 日本', 'a="b",c="d"', '{}'];

const page = (...figures: Iterable<Figure>[]): Promise<string> =>
  text(
    renderFigures(
      figures.flatMap(each => [...each]),
      createPace(),
    ),
  );

const labelled = (value: string): string => inBraces(labelText({ value, other: 1 }));

describe('the text format', () => {
  it('is written as it is to be read', async () => {
    const gauge = inFigures({ name: 'one', help: 'A \\ and a\nbreak.', type: 'gauge' }, [
      ['', 1.5],
      [labelled('a"b'), Number.NaN],
      [labelled('x'), Number.NEGATIVE_INFINITY],
    ]);
    const nothing = inFigures({ name: 'two_total', help: 'Nothing yet.', type: 'counter' }, []);
    const bounds = [0.5, 1];
    const histogram = inFigures({ name: 'three', help: 'Three.', type: 'histogram', bounds }, [
      ['{a="b"}', [1, 0, 2, 7.25]],
      ['', [0, 3, 0, 1]],
    ]);
    assert.equal(
      await page(gauge, nothing, histogram),
      `# HELP one A \\\\ and a\\nbreak.
# TYPE one gauge
one 1.5
one{value="a\\"b",other="1"} NaN
one{value="x",other="1"} -Inf

# HELP two_total Nothing yet.
# TYPE two_total counter

# HELP three Three.
# TYPE three histogram
three_bucket{a="b",le="0.5"} 1
three_bucket{a="b",le="1"} 1
three_bucket{a="b",le="+Inf"} 3
three_sum{a="b"} 7.25
three_count{a="b"} 3
three_bucket{le="0.5"} 0
three_bucket{le="1"} 3
three_bucket{le="+Inf"} 3
three_sum 1
three_count 3
`,
    );
  });

  it('is that of prom-client', async () => {
    const registry = new Registry();
    const registers = [registry];
    const gauge = new Gauge({ name: 'g', help: 'a\\b\nc', labelNames: ['value', 'other'], registers });
    for (const [i, value] of ODD.entries()) gauge.set({ value, other: 1 }, i / 3);
    gauge.set({ value: 'inf', other: 1 }, Number.POSITIVE_INFINITY);
    const bounds = [0.5, 2.5];
    const histogram = new Histogram({ name: 'h', help: 'h', buckets: bounds, registers });
    for (const value of [0.5, 1, 2, 3]) histogram.observe(value);
    const ours = await page(
      inFigures({ name: 'g', help: 'a\\b\nc', type: 'gauge' }, [
        ...ODD.map((value, i): [string, number] => [labelled(value), i / 3]),
        [labelled('inf'), Number.POSITIVE_INFINITY],
      ]),
      inFigures({ name: 'h', help: 'h', type: 'histogram', bounds }, [['', [1, 2, 1, 6.5]]]),
    );
    assert.equal(ours, await registry.metrics());
    assert.equal(CONTENT_TYPE, registry.contentType);
  });

  it('gives back the labels that were put into it', () => {
    const labels = Object.fromEntries(ODD.map((value, i) => [`l${i}`, value]));
    assert.deepEqual(readLabels(inBraces(labelText(labels))), labels);
    assert.deepEqual(readLabels('_bucket{le="+Inf",kind="major"}'), { le: '+Inf', kind: 'major' });
    assert.deepEqual(readLabels(''), {});
  });
});
