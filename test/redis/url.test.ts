import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRedisUrl, redactRedisUrl } from '../../src/redis/url.ts';

const plain = { host: '127.0.0.1', port: 6379, db: 0, tls: false };

const good = {
  'redis://127.0.0.1': [plain, 'redis://127.0.0.1:6379'],
  'redis://': [plain, 'redis://127.0.0.1:6379'],
  'redis://cache.local:6380/3': [
    { ...plain, host: 'cache.local', port: 6380, db: 3 },
    'redis://cache.local:6380/3',
  ],
  'rediss://cache.local': [{ ...plain, host: 'cache.local', tls: true }, 'rediss://cache.local:6379'],
  'redis://[::1]:7000': [{ ...plain, host: '::1', port: 7000 }, 'redis://[::1]:7000'],
  'redis://:s3cret@127.0.0.1': [{ ...plain, password: 's3cret' }, 'redis://127.0.0.1:6379'],
  'redis://sluice:a%2Fb%23c@127.0.0.1': [
    { ...plain, username: 'sluice', password: 'a/b#c' },
    'redis://sluice@127.0.0.1:6379',
  ],
  'redis://nopass@127.0.0.1': [
    { ...plain, username: 'nopass', password: '' },
    'redis://nopass@127.0.0.1:6379',
  ],
} as const;

for (const [url, [address, redacted]] of Object.entries(good)) {
  test(`a Redis URL is read: ${url}`, () => {
    assert.deepEqual(parseRedisUrl(url), address);
    assert.equal(redactRedisUrl(parseRedisUrl(url)), redacted);
  });
}

const bad = {
  'not a URL': ['s3cret', /malformed.*expected redis:\/\//],
  'a password with a bare slash': ['redis://:s3cret/x@127.0.0.1', /malformed|number of a database/],
  'a stray percent sign': ['redis://:s3cret%zz@127.0.0.1', /malformed.*"%" as %25/],
  'no scheme': ['localhost:6379', /scheme is missing/],
  'Sentinel, which is not there yet': ['redis+sentinel://:s3cret@127.0.0.1:26379', /"redis\+sentinel:\/\/"/],
  'a database by name': ['redis://:s3cret@127.0.0.1/orders', /number of a database/],
  'a port too many': ['redis://:s3cret@127.0.0.1:99999', /malformed/],
} as const;

for (const [name, [url, message]] of Object.entries(bad)) {
  test(`a Redis URL is refused without repeating it: ${name}`, () => {
    assert.throws(
      () => parseRedisUrl(url),
      (error: Error) => message.test(error.message) && !error.message.includes('s3cret'),
    );
  });
}
