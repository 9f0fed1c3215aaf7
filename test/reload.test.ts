import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { loadConfig } from '../src/config.ts';
import { createReload } from '../src/reload.ts';
import { createLog } from '../src/telemetry/log.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-reload-'));
after(() => rmSync(folder, { recursive: true }));

const load = (text: string) => {
  const file = join(folder, 'sluice.yaml');
  writeFileSync(file, text);
  return loadConfig({ flags: {}, env: {}, file });
};

it('no password is repeated, neither of what waits for a restart nor of what is refused', () => {
  let said = '';
  const destination = {
    write: (line: string): void => {
      said += line;
    },
  };
  const log = createLog({ level: 'debug', name: 'test', destination });
  const reload = createReload(load('tags: sluice\n'), () => 0, log);
  const waiting = [
    'consul: http://user:hush@127.0.0.1:8500/?token=hush',
    'redis: redis+sentinel://user:hush@127.0.0.1:9/main?sentinel-password=hush',
    'otlp: http://user:hush@127.0.0.1:9',
    'consul-token: hush',
    'sticky-key: hush',
  ];
  assert.equal(
    reload.again(() => load(waiting.join('\n'))),
    true,
  );
  assert.deepEqual(
    reload.state.waiting.map(({ setting }) => setting),
    ['consul', 'consul-token', 'redis', 'otlp', 'sticky-key'],
  );
  for (const refused of ['sticky-key: *hush', 'consul: user:hush@127.0.0.1:8500', 'redis: hush']) {
    assert.equal(
      reload.again(() => load(refused)),
      false,
    );
    said += reload.state.problems.join('\n');
  }
  assert.match(said, /consul-token/);
  assert.doesNotMatch(said, /hush/);
});
