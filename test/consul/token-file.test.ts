import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { createTokenFile } from '../../src/consul/token-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-token-'));
const file = join(folder, 'token');
after(() => rmSync(folder, { recursive: true }));

it('the token is the one in the file, read at most four times a second; the last one counts while there is none', () => {
  let now = 0;
  const token = createTokenFile(file, () => now);
  const steps: readonly [ms: number, contents: string | undefined, expected: string | undefined][] = [
    [0, undefined, undefined],
    [250, ' first\n', 'first'],
    [499, 'second', 'first'],
    [500, 'second', 'second'],
    [750, '\n', 'second'],
    [1_000, undefined, 'second'],
    [1_250, 'third', 'third'],
  ];
  for (const [at, contents, expected] of steps) {
    now = at;
    if (contents === undefined) rmSync(file, { force: true });
    else writeFileSync(file, contents);
    assert.equal(token(), expected, `at ${at}`);
  }
});
