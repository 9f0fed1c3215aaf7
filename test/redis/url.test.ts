import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRedisUrl, redactRedisUrl } from '../../src/redis/url.ts';

const node = (host: string, port: number) => ({ host, port });
const plain = { mode: 'single', nodes: [node('127.0.0.1', 6379)], master: '', db: 0 };

const good: Record<string, [target: object, redacted: string]> = {
  'redis://127.0.0.1': [plain, 'redis://127.0.0.1:6379'],
  'redis://': [plain, 'redis://127.0.0.1:6379'],
  'redis://cache.local:6380/3': [
    { ...plain, nodes: [node('cache.local', 6380)], db: 3 },
    'redis://cache.local:6380/3',
  ],
  'rediss://cache.local': [
    { ...plain, nodes: [node('cache.local', 6379)], tls: {} },
    'rediss://cache.local:6379',
  ],
  'rediss://cache.local?cacert=/etc/ca.pem&cert=/etc/c.pem&key=/etc/k.pem&sni=redis': [
    {
      ...{ ...plain, nodes: [node('cache.local', 6379)] },
      tls: { cacert: '/etc/ca.pem', cert: '/etc/c.pem', key: '/etc/k.pem', sni: 'redis' },
    },
    'rediss://cache.local:6379',
  ],
  'redis://[::1]:7000': [{ ...plain, nodes: [node('::1', 7000)] }, 'redis://[::1]:7000'],
  'redis://:s3cret@127.0.0.1': [{ ...plain, password: 's3cret' }, 'redis://127.0.0.1:6379'],
  'redis://:a@b:c@127.0.0.1': [{ ...plain, password: 'a@b:c' }, 'redis://127.0.0.1:6379'],
  'redis://sluice:a%2Fb%23c@127.0.0.1': [
    { ...plain, username: 'sluice', password: 'a/b#c' },
    'redis://sluice@127.0.0.1:6379',
  ],
  'redis://nopass@127.0.0.1': [
    { ...plain, username: 'nopass', password: '' },
    'redis://nopass@127.0.0.1:6379',
  ],
  'redis+sentinel://sluice:s3cret@a,[::1]:7000/main/2?sentinel-user=s&sentinel-password=p%26q': [
    {
      ...{ mode: 'sentinel', nodes: [node('a', 26_379), node('::1', 7000)], master: 'main', db: 2 },
      ...{ username: 'sluice', password: 's3cret', sentinelUsername: 's', sentinelPassword: 'p&q' },
    },
    'redis+sentinel://sluice@a:26379,[::1]:7000/main/2',
  ],
  'rediss+cluster://a:7001,b': [
    { mode: 'cluster', nodes: [node('a', 7001), node('b', 6379)], master: '', db: 0, tls: {} },
    'rediss+cluster://a:7001,b:6379',
  ],
};

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
  'another scheme': ['http://:s3cret@127.0.0.1', /"http:\/\/" is not supported/],
  'another mode': ['redis+ring://:s3cret@127.0.0.1', /malformed/],
  'Sentinels without a name': ['redis+sentinel://:s3cret@127.0.0.1', /must name the primary/],
  'several hosts of one server': ['redis://:s3cret@a,b', /several hosts, but neither Sentinel nor a cluster/],
  'a database of a cluster': ['redis+cluster://:s3cret@a/1', /of a cluster can't name a database/],
  'a parameter that is mistyped': ['rediss://:s3cret@a?ca=x', /known are cacert \(with TLS\)/],
  'certificates without TLS': ['redis://:s3cret@a?cacert=x', /known are cacert \(with TLS\)/],
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
