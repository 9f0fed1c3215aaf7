import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Env, readSettings } from '../../src/core/settings/settings.ts';
import { SPAN_LIMIT_SETTINGS } from '../../src/telemetry/span-limits.ts';

const read = (env: Env) => {
  const problems: string[] = [];
  const settings = readSettings(SPAN_LIMIT_SETTINGS, { said: {}, env, nameOf: name => name }, problems);
  return { settings, problems };
};

describe('how much a span may say', () => {
  const cases: [string, Env, { spanAttributeCount: number; spanValueLength: number }][] = [
    ['unless said', {}, { spanAttributeCount: 128, spanValueLength: Number.POSITIVE_INFINITY }],
    [
      'for everything that has attributes',
      { OTEL_ATTRIBUTE_COUNT_LIMIT: '5', OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: '64' },
      { spanAttributeCount: 5, spanValueLength: 64 },
    ],
    [
      'for spans first',
      {
        OTEL_ATTRIBUTE_COUNT_LIMIT: '5',
        OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: '7',
        OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: '64',
        OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: '32',
      },
      { spanAttributeCount: 7, spanValueLength: 32 },
    ],
  ];
  for (const [name, env, expected] of cases) {
    it(name, () => {
      const { settings, problems } = read(env);
      assert.deepEqual(problems, []);
      assert.deepEqual(settings, expected);
    });
  }

  for (const bad of ['0', '-1', 'many']) {
    it(`refuses "${bad}" with a hint`, () => {
      const { problems } = read({ OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: bad });
      assert.equal(problems.length, 1);
      assert.match(problems[0] ?? '', /OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT.*expected a number from 1/);
    });
  }
});
