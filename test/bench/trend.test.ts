import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Sample, trendOf } from '../../bench/soak/trend.ts';

/** 120 looks at a value, five seconds apart. */
const series = (value: (i: number) => number): Sample[] =>
  Array.from({ length: 120 }, (_, i) => ({ at: i * 5, value: value(i) }));

/** Noise in [-1, 1] that is the same in every run. */
const noise = (i: number): number => Math.sin(i * 12.9898) * Math.cos(i * 78.233);

describe('an upward trend', () => {
  const table: [string, (i: number) => number, boolean][] = [
    ['level', () => 50, false],
    ['noise', i => 50 + 5 * noise(i), false],
    ['a saw tooth', i => 50 + (i % 17), false],
    ['a warm-up, then level', i => (i < 20 ? 30 + i : 50), false],
    ['downward', i => 100 - i / 4, false],
    ['sure, but next to nothing', i => 50 + i / 100, false],
    ['a burst that fills a pool', i => (i < 100 ? 90 : 145) + 5 * noise(i), false],
    ['steady growth', i => 50 + i / 20, true],
    ['growth within noise as large', i => 50 + i / 10 + 5 * noise(i), true],
    ['growth of a saw tooth', i => 50 + (i % 17) + i / 8, true],
  ];
  for (const [name, value, expected] of table) {
    it(`${name}: ${expected ? 'yes' : 'no'}`, () => assert.equal(trendOf(series(value)).isUpward, expected));
  }
});

it('slope and growth are those of the line, a second and over the time looked at', () => {
  const { slope, low, high, growth, level } = trendOf(series(i => 10 + 5 * i * 0.2));
  assert.ok(Math.abs(slope - 0.2) < 0.01, `slope ${slope}`);
  assert.ok(low <= slope && slope <= high && high - low < 0.01, `${low} to ${high}`);
  assert.ok(Math.abs(growth - 0.2 * 95 * 5) < 1e-6);
  assert.ok(level > 34 && level < 82, `level ${level}`);
});

it('too few samples make no trend', () =>
  assert.throws(() => trendOf(series(() => 1).slice(0, 20)), /20 samples are too few/));
