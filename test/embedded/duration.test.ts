import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseGoDuration } from '../../src/embedded/duration.ts';

const cases: Record<string, number | undefined> = {
  '10s': 10_000,
  '500ms': 500,
  '1m30s': 90_000,
  '1.5h': 5_400_000,
  '.5s': 500,
  '1.s': 1_000,
  '-5s': -5_000,
  '+5s': 5_000,
  '250us': 0.25,
  '250µs': 0.25,
  '0': 0,
  '0s': 0,
  '': undefined,
  '10': undefined,
  s: undefined,
  '10 s': undefined,
  '10x': undefined,
  '10sx': undefined,
  x10s: undefined,
  '-': undefined,
  '1e3s': undefined,
  '10s\n': undefined,
};

for (const [text, ms] of Object.entries(cases)) {
  test(`${JSON.stringify(text)} is ${ms === undefined ? 'no duration' : `${ms} ms`}`, () => {
    assert.equal(parseGoDuration(text), ms);
  });
}
