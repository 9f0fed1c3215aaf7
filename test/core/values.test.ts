import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  formatDuration,
  formatHostPort,
  formatSize,
  isHost,
  readCount,
  readDuration,
  readHostPort,
  readRatio,
  readSize,
  readSwitch,
} from '../../src/core/values.ts';

const table = <T>(
  name: string,
  read: (text: string) => T | undefined,
  rows: [string, T | undefined][],
): void => {
  describe(name, () => {
    for (const [text, value] of rows) it(`"${text}"`, () => assert.deepEqual(read(text), value));
  });
};

table('readHostPort', readHostPort, [
  [':8080', { host: '', port: 8080 }],
  ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
  ['[::1]:80', { host: '::1', port: 80 }],
  ['gateway.test:9901', { host: 'gateway.test', port: 9901 }],
  ['8080', undefined],
  ['a:b', undefined],
  ['a:65536', undefined],
  ['::1:80', undefined],
  ['http://a:80', undefined],
  ['', undefined],
]);
table('readDuration', readDuration, [
  ['250ms', 250],
  ['2s', 2_000],
  ['1.5m', 90_000],
  ['1h', 3_600_000],
  ['30', undefined],
  ['-1s', undefined],
  ['1 s', undefined],
  ['', undefined],
]);
table('readRatio', readRatio, [
  ['0', 0],
  ['1', 1],
  ['0.01', 0.01],
  ['.5', 0.5],
  ['1%', 0.01],
  ['100%', 1],
  ['101%', undefined],
  ['2', undefined],
  ['-1', undefined],
  ['half', undefined],
]);
table('readSize', readSize, [
  ['240B', 240],
  ['32KiB', 32_768],
  ['1MB', 1_000_000],
  ['1.5 GiB', 1_610_612_736],
  ['8kB', 8_000],
  ['8', undefined],
  ['1TB', undefined],
  ['1iB', undefined],
  ['-1KB', undefined],
]);
table('readCount', readCount, [
  ['1', 1],
  ['20000', 20_000],
  ['0', undefined],
  ['1e3', undefined],
  ['1.5', undefined],
]);
table('readSwitch', readSwitch, [
  ['on', true],
  ['TRUE', true],
  ['0', false],
  ['maybe', undefined],
]);

it('formatHostPort puts IPv6 in brackets', () => {
  assert.equal(formatHostPort({ host: '::1', port: 80 }), '[::1]:80');
  assert.equal(formatHostPort({ host: 'a', port: 80 }), 'a:80');
});

it('sizes and durations read back as they are shown', () => {
  for (const bytes of [240, 32 * 1024, 1_000_000, 2 ** 30])
    assert.equal(readSize(formatSize(bytes)), bytes, formatSize(bytes));
  for (const ms of [100, 1_500, 75_000, 60_000, 7_200_000])
    assert.equal(readDuration(formatDuration(ms)), ms, formatDuration(ms));
  assert.deepEqual(
    [formatSize(32_768), formatDuration(60_000), formatDuration(75_000)],
    ['32KiB', '1m', '75s'],
  );
});

it('isHost tells what can be connected to', () => {
  const sound = ['orders', 'a_b.internal', '10.0.0.1', '::1', 'fe80::1'];
  const none = [
    '',
    ' ',
    '10.0.0.1/24',
    '999.1.1.1',
    'user@host',
    'host:80',
    'fe80::1%eth0',
    '[::1]',
    'a b',
    'a\n',
  ];
  assert.deepEqual([...sound, ...none].filter(isHost), sound);
});
