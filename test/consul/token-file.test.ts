import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { createTokenFile } from '../../src/consul/token-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-token-'));
const file = join(folder, 'token');
after(() => rmSync(folder, { recursive: true }));

it('the token is the one in the file, read at most once a second; the last one counts while there is none', () => {
  let now = 0;
  const token = createTokenFile(file, () => now);
  const steps: readonly [ms: number, contents: string | undefined, expected: string | undefined][] = [
    [0, undefined, undefined],
    [1_000, ' first\n', 'first'],
    [1_999, 'second', 'first'],
    [2_000, 'second', 'second'],
    [3_000, '\n', 'second'],
    [4_000, undefined, 'second'],
    [5_000, 'third', 'third'],
  ];
  for (const [at, contents, expected] of steps) {
    now = at;
    if (contents === undefined) rmSync(file, { force: true });
    else writeFileSync(file, contents);
    assert.equal(token(), expected, `at ${at}`);
  }
});
