import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { promisify } from 'node:util';
import { ROOT } from '../support/child.ts';

it('an npx sluice that cannot set itself up leaves nothing in which later ones would fail', {
  timeout: 60_000,
}, async t => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-npx-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const checkout = join(folder, 'checkout');
  for (const name of ['scripts', 'package.json', 'package-lock.json'])
    cpSync(join(ROOT, name), join(checkout, name), { recursive: true });
  const nowhere = {
    npm_config_cache: join(folder, 'cache'),
    npm_config_registry: 'http://127.0.0.1:9',
    npm_config_fetch_retries: '0',
  };
  await assert.rejects(
    promisify(execFile)('npx', ['sluice', '--version'], {
      cwd: checkout,
      env: { ...process.env, ...nowhere },
    }),
    { code: 1 },
  );
  assert.deepEqual(readdirSync(join(folder, 'cache/_npx')), []);
});
