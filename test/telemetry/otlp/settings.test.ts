import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Env, readSettings } from '../../../src/core/settings/settings.ts';
import { OTLP_SETTINGS } from '../../../src/telemetry/otlp/settings.ts';

const read = (env: Env) => {
  const problems: string[] = [];
  const settings = readSettings(OTLP_SETTINGS, { said: {}, env, nameOf: name => name }, problems);
  return { settings, problems };
};

describe('how the receiver of traces is reached', () => {
  it('follows the variables that every exporter of OpenTelemetry knows', () => {
    const { settings, problems } = read({
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20abc%3D, x-tenant = acme',
      OTEL_EXPORTER_OTLP_TIMEOUT: '2500',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    });
    assert.deepEqual(problems, []);
    assert.deepEqual(settings.otlpHeaders, { authorization: 'Bearer abc=', 'x-tenant': 'acme' });
    assert.equal(settings.otlpTimeout, 2500);
    assert.equal(settings.otlpCompression, 'gzip');
  });

  it('lets the variable for traces go before the one for all signals', () => {
    const { settings } = read({
      OTEL_EXPORTER_OTLP_HEADERS: 'a=1',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'b=2',
      OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '',
      OTEL_EXPORTER_OTLP_TIMEOUT: '7',
    });
    assert.deepEqual(settings.otlpHeaders, { b: '2' });
    assert.equal(settings.otlpTimeout, 7);
  });

  it('has defaults', () => {
    assert.deepEqual(read({}).settings, {
      otlpHeaders: {},
      otlpTimeout: 10_000,
      otlpCompression: 'none',
      otlpCa: undefined,
      otlpCert: undefined,
      otlpKey: undefined,
    });
  });

  const bad: [string, string][] = [
    ['HEADERS', 'hush'],
    ['HEADERS', 'a b=hush'],
    ['HEADERS', 'a=hush%0d%0ax-forged: 1'],
    ['TIMEOUT', '0'],
    ['TIMEOUT', '10s'],
    ['COMPRESSION', 'zstd'],
    ['CERTIFICATE', '/nowhere.pem'],
  ];
  for (const [name, value] of bad) {
    it(`refuses "${value}" as ${name}, and repeats no secret`, () => {
      const { problems } = read({ [`OTEL_EXPORTER_OTLP_${name}`]: value });
      assert.equal(problems.length, 1);
      assert.match(
        problems[0] ?? '',
        new RegExp(`^OTEL_EXPORTER_OTLP_${name}.*: expected .*e\\.g\\.|none or gzip`),
      );
      assert.doesNotMatch(problems[0] ?? '', /hush/);
    });
  }
});
