import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { type ConfigSources, loadConfig } from '../src/config.ts';
import { ConfigError } from '../src/core/settings/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-config-'));
after(() => rmSync(folder, { recursive: true }));

const file = (text: string): string => {
  const path = join(folder, 'sluice.yaml');
  writeFileSync(path, text);
  return path;
};

const load = (sources: Partial<ConfigSources>) => loadConfig({ flags: {}, env: {}, ...sources });

const problems = (sources: Partial<ConfigSources>): readonly string[] => {
  try {
    load(sources);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
};

describe('strength', () => {
  it('has sensible defaults', () => {
    const config = load({});
    assert.deepEqual(config.listen, { host: '', port: 8080 });
    assert.deepEqual(config.admin, { host: '127.0.0.1', port: 9901 });
    assert.equal(config.consul, '127.0.0.1:8500');
    assert.ok(Object.isFrozen(config));
  });
  it('flags, then environment, then file', () => {
    const sources = { env: { SLUICE_CONSUL: 'env:2' }, file: file('consul: file:3\nlog-level: warn\n') };
    assert.equal(load({ ...sources, flags: { consul: 'flag:1' } }).consul, 'flag:1');
    assert.equal(load(sources).consul, 'env:2');
    assert.equal(load({ ...sources, env: {} }).consul, 'file:3');
    assert.equal(load(sources).logLevel, 'warn');
  });
  it("Sluice's own variable before the ecosystem's, and an empty one is unset", () => {
    assert.equal(load({ env: { SLUICE_CONSUL: 'own:1', CONSUL_HTTP_ADDR: 'theirs:2' } }).consul, 'own:1');
    assert.equal(load({ env: { SLUICE_CONSUL: '', CONSUL_HTTP_ADDR: 'theirs:2' } }).consul, 'theirs:2');
    assert.equal(load({ env: { REDIS_URL: 'redis://r:1' } }).redis, 'redis://r:1');
    assert.equal(load({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://o:4318' } }).otlp, 'http://o:4318');
  });
});

describe('the file', () => {
  it('may say several values as a list', () => {
    assert.deepEqual(load({ file: file('retry-on: [502, 504]\n') }).retryOn, [502, 504]);
    assert.deepEqual(load({ file: file('otel-propagators:\n  - b3\n  - baggage\n') }).otelPropagators, [
      'b3',
      'baggage',
    ]);
  });
  it('may not nest', () =>
    assert.match(
      problems({ file: file('retry-on: {502: true}\n') })[0] ?? '',
      /retry-on: expected one value/,
    ));
});

describe('bad input', () => {
  it('reports every problem at once, with where it stands and what was expected', () => {
    const found = problems({
      flags: { listen: '8080', accessLog: '150%' },
      env: { SLUICE_DRAIN: '30' },
      file: file('log-level: loud\nlisten-port: 80\n'),
    });
    assert.deepEqual(
      found.map(line => line.split(':')[0]?.split(' "')[0]),
      [join(folder, 'sluice.yaml'), '--listen', 'SLUICE_DRAIN', '--access-log', join(folder, 'sluice.yaml')],
    );
    assert.match(found[0] ?? '', /sluice\.yaml:2: unknown setting "listen-port"; known are listen, /);
    assert.match(found[1] ?? '', /--listen "8080": expected host:port, e\.g\./);
  });
  it('names the line of a value in the file', () =>
    assert.match(
      problems({ file: file('listen: ":1"\n\nlog-level: loud\n') })[0] ?? '',
      /sluice\.yaml:3: log-level "loud": expected debug, /,
    ));
  it('a broken file is one line with its place', () => {
    const found = problems({ file: file('listen: ":1"\n  bad: [\n') });
    assert.equal(found.length, 1);
    assert.match(found[0] ?? '', /sluice\.yaml: .* line \d/);
  });
  it('a missing file is one line', () =>
    assert.match(problems({ file: join(folder, 'none.yaml') })[0] ?? '', /none\.yaml.*ENOENT/));
  const secrets: [where: string, sources: Parameters<typeof problems>[0], text?: string][] = [
    ['the URL of Redis', { flags: { redis: 'http://user:hunter2@r' } }],
    ['the address of Consul', { flags: { consul: 'user:hunter2@consul:8500' } }],
    ['the query of a URL', { flags: { consul: 'ftp://consul?token=hunter2&dc=b' } }],
    ['a value that YAML takes for an alias', {}, 'sticky-key: *hunter2\n'],
    ['a value that YAML takes for a block', {}, 'sticky-key: |hunter2\n  x\n'],
    ['a value whose quotes do not end', {}, 'sticky-key: "hunter2\n'],
  ];
  for (const [where, sources, text] of secrets) {
    it(`never repeats a password in ${where}`, () => {
      const found = problems(text === undefined ? sources : { file: file(text) });
      assert.equal(found.length, 1);
      assert.doesNotMatch(found[0] ?? '', /hunter2/);
    });
  }
});
