import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createIds } from '../../src/telemetry/ids.ts';

describe('ids', () => {
  it('are hexadecimal, of the right length, and never the same', () => {
    const ids = createIds();
    const drawn = Array.from({ length: 2000 }, () => [ids.trace(), ids.span()]);
    for (const [trace, span] of drawn) {
      assert.match(trace ?? '', /^[\da-f]{32}$/);
      assert.match(span ?? '', /^[\da-f]{16}$/);
    }
    assert.equal(new Set(drawn.flat()).size, 4000);
    const prefixes = new Set(drawn.flat().map(id => id.slice(0, 16)));
    assert.equal(prefixes.size, 4000);
  });

  it('are never all zeros, which is the id of nothing', () => {
    let calls = 0;
    const ids = createIds(pool => pool.fill(calls++ === 0 ? 0 : 0x1a));
    assert.equal(ids.trace(), '1a'.repeat(16));
    assert.equal(ids.span(), '1a'.repeat(8));
  });
});
