import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Metrics } from '../../../src/telemetry/metrics.ts';
import { createPace } from '../../../src/telemetry/pace.ts';
import { renderFigures } from '../../../src/telemetry/render.ts';

export const pageOf = (metrics: Metrics): Promise<string> =>
  text(Readable.from(renderFigures(metrics.figures(), createPace())));

export const scrape = async (metrics: Metrics): Promise<Map<string, number>> =>
  readPage(await pageOf(metrics));

/** The text format as Prometheus reads it: every line judged, every series once, below the type of its metric. */
export const readPage = (page: string): Map<string, number> => {
  assert.equal(page.endsWith('\n'), true);
  const samples = new Map<string, number>();
  const typed = new Set<string>();
  let current = '';
  for (const line of page.split('\n')) {
    if (line === '' || line.startsWith('# HELP ')) continue;
    const type = /^# TYPE (\S+) (counter|gauge|histogram|summary)$/.exec(line);
    if (type?.[1] !== undefined) {
      assert.ok(!typed.has(type[1]), `${type[1]} twice`);
      typed.add(type[1]);
      current = type[1];
      continue;
    }
    const sample = SAMPLE.exec(line);
    assert.ok(sample?.[1] !== undefined, `not a sample: ${line}`);
    assert.ok(sample[1].startsWith(current), `${line} below ${current}`);
    assert.ok(!samples.has(sample[1]), `${sample[1]} twice`);
    samples.set(sample[1], Number(sample[2]));
  }
  return samples;
};

const SAMPLE = /^([a-zA-Z_:][\w:]*(?:\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*\})?) (\S+)$/;
