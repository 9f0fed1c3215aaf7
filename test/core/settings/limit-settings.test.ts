import assert from 'node:assert/strict';
import { it } from 'node:test';
import { LIMIT_SETTINGS, limitsOf, timeoutsOf } from '../../../src/core/settings/limit-settings.ts';
import { DEFAULT_LIMITS, DEFAULT_TIMEOUTS } from '../../../src/core/settings/limits.ts';
import { readSettings, settingKey } from '../../../src/core/settings/settings.ts';

const settingsOf = (said: Record<string, string>, problems: string[] = []) =>
  readSettings(LIMIT_SETTINGS, { said, nameOf: name => `--${settingKey(name)}`, env: {} }, problems);

it('unset, they are the defaults', () => {
  assert.deepEqual(limitsOf(settingsOf({})), DEFAULT_LIMITS);
  assert.deepEqual(timeoutsOf(settingsOf({})), DEFAULT_TIMEOUTS);
});

it('each one moves one limit or one timeout', () => {
  for (const [name, { expected }] of Object.entries(LIMIT_SETTINGS)) {
    const said = { [name]: /duration/.test(expected) ? '7ms' : /size/.test(expected) ? '7B' : '7' };
    const moved = [
      ...Object.entries(limitsOf(settingsOf(said))),
      ...Object.entries(timeoutsOf(settingsOf(said))),
    ].filter(([, value]) => value === 7);
    assert.equal(moved.length, 1, name);
  }
});

it('is named alike in the file, the environment and the flag', () => {
  for (const [name, { flag, env }] of Object.entries(LIMIT_SETTINGS)) {
    const key = settingKey(name);
    assert.deepEqual(env, [`SLUICE_${key.toUpperCase().replaceAll('-', '_')}`]);
    if (flag !== undefined) assert.match(flag, new RegExp(`^--${key} <`));
  }
});

it('off is no limit, and survives JSON on the way to a worker', () => {
  const settings = settingsOf({ maxRequests: 'off', totalTimeout: 'off', maxBodySize: 'off' });
  const limits = limitsOf(JSON.parse(JSON.stringify(settings)));
  assert.deepEqual([limits.requests, limits.bodyBytes], [Infinity, Infinity]);
});

it('a wrong value is told with what was expected', () => {
  const problems: string[] = [];
  settingsOf({ timeout: '30', maxBodySize: '5', maxRequests: '0', maxHeaderSize: 'off' }, problems);
  assert.deepEqual(problems, [
    '--timeout "30": expected a duration, e.g. 30s, or off',
    '--max-body-size "5": expected a size, e.g. 32KiB or 1MB, or off',
    '--max-header-size "off": expected a size, e.g. 32KiB or 1MB',
    '--max-requests "0": expected a whole number from 1, e.g. 1000, or off',
  ]);
});
