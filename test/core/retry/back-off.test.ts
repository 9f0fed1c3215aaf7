import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBackOff } from '../../../src/core/retry/back-off.ts';

const backOff = createBackOff(50, 1_000);

test('waits double, are capped, and lie in the upper half', () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 100].map(attempt => backOff(attempt, () => 0)),
    [25, 50, 100, 200, 400, 500, 500],
  );
  assert.deepEqual(
    [1, 2, 6, 5_000].map(attempt => backOff(attempt, () => 1)),
    [50, 100, 1_000, 1_000],
  );
});
