import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { describe, it } from 'node:test';
import { readConfig, type SidecarConfig } from '../../sidecar/config.ts';
import { ConfigError } from '../../src/core/settings/settings.ts';

const read = (line: string, env: Record<string, string> = {}): SidecarConfig => {
  const config = readConfig(line.split(' ').filter(Boolean), env);
  if ('help' in config) throw new Error('help was not asked for');
  return config;
};

const problemsOf = (line: string, env: Record<string, string> = {}): readonly string[] => {
  try {
    read(line, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
};

const LEAST = '--service orders --port 3002 -- node app.js';

describe('the sidecar command line', () => {
  it('needs a service, a port and a program, and has defaults for the rest', () => {
    const config = read(LEAST);
    assert.deepEqual(config.command, ['node', 'app.js']);
    assert.equal(config.service, 'orders');
    assert.equal(config.port, 3002);
    assert.equal(config.id, `orders-${hostname()}-3002`);
    assert.deepEqual(config.tags, []);
    assert.equal(config.consul, '127.0.0.1:8500');
    assert.equal(config.redis, 'off');
    assert.deepEqual(config.outbound, { host: '127.0.0.1', port: 0 });
    assert.equal(config.ttl, 10_000);
    assert.equal(config.drain, 2_000);
    assert.equal(config.accessLog, 0);
  });

  it('makes tags of --version, --path, --exact, --host and --tag', () => {
    const flags =
      '--version v2 --path /orders --path /o --exact /hello --host shop.example.com --tag weight=5';
    assert.deepEqual(read(`${flags} ${LEAST}`).tags, [
      'version=v2',
      'path=/orders',
      'path=/o',
      'exact=/hello',
      'host=shop.example.com',
      'weight=5',
    ]);
  });

  it('registers a program that speaks HTTP/2 as such', () => {
    assert.deepEqual(read(`--proto h2c ${LEAST}`).tags, ['proto=h2c']);
    assert.deepEqual(read(`--proto http ${LEAST}`).tags, []);
    assert.match(
      problemsOf(`--proto h3 ${LEAST}`).join(),
      /--proto "h3": expected http \(HTTP\/1\.1\) or h2c/,
    );
  });

  it("puts the gateway's tag prefix before each key", () => {
    const config = read(`--path /orders --version v2 ${LEAST}`, { SLUICE_TAG_PREFIX: 'sluice.' });
    assert.deepEqual(config.tags, ['sluice.version=v2', 'sluice.path=/orders']);
  });

  it('leaves what follows -- to the program, flags of the same name too', () => {
    const config = read('--service orders --port 3002 -- node --port 1 -- --help');
    assert.deepEqual(config.command, ['node', '--port', '1', '--', '--help']);
    assert.equal(config.port, 3002);
  });

  it('reads its own variables, with lists joined by spaces, and those of the ecosystem', () => {
    const config = read('-- node app.js', {
      SLUICE_SIDECAR_SERVICE: 'orders',
      SLUICE_SIDECAR_PORT: '3002',
      SLUICE_SIDECAR_PATH: '/orders /o',
      CONSUL_HTTP_ADDR: 'consul.example.com:8501',
      CONSUL_HTTP_TOKEN: 'secret',
      CONSUL_HTTP_SSL: 'true',
      REDIS_URL: 'redis://127.0.0.1:7000',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
      OTEL_SERVICE_NAME: 'orders-of-shop',
    });
    assert.equal(config.service, 'orders');
    assert.deepEqual(config.tags, ['path=/orders', 'path=/o']);
    assert.equal(config.consul, 'consul.example.com:8501');
    assert.equal(config.consulToken, 'secret');
    assert.equal(config.consulTls, true);
    assert.equal(config.redis, 'redis://127.0.0.1:7000');
    assert.equal(config.otlp, 'http://127.0.0.1:4318');
    assert.equal(config.otelServiceName, 'orders-of-shop');
  });

  it('lets a flag win over a variable, and takes an empty variable for unset', () => {
    const config = read(`--consul 127.0.0.1:1234 ${LEAST}`, {
      CONSUL_HTTP_ADDR: '10.0.0.1:1',
      REDIS_URL: '',
    });
    assert.equal(config.consul, '127.0.0.1:1234');
    assert.equal(config.redis, 'off');
  });

  it('reports every problem at once, each with a hint', () => {
    const problems = problemsOf('--port 99999 --ttl 5 --path orders --weird --inbound 21000 node app.js');
    const expected = [
      /^unknown option "--weird"; see sluice-sidecar --help$/,
      /^unexpected "node": the program goes last, after "--"$/,
      /^unexpected "app.js"/,
      /^--port "99999": expected a port from 1 to 65535/,
      /^--ttl "5": expected a duration of at least 1s/,
      /^--inbound "21000": expected host:port/,
      /^tag "path=orders": the path must begin with "\/"/,
      /^--service is missing/,
      /^the program to run is missing: it goes last, after "--"/,
    ];
    assert.equal(problems.length, expected.length, problems.join('\n'));
    for (const pattern of expected)
      assert.ok(
        problems.some(p => pattern.test(p)),
        `${pattern}: ${problems}`,
      );
  });

  const faults: readonly [name: string, line: string, env: Record<string, string>, problem: RegExp][] = [
    ['a missing port', '--service orders -- node', {}, /port is missing/],
    ['a flag that ends the line', '--service orders --port', {}, /'--port <port>' argument missing/],
    [
      'a service that is no name',
      '--service or/ders --port 1 -- node',
      {},
      /^--service "or\/ders": expected letters/,
    ],
    ['a bad version', `--version v|2 ${LEAST}`, {}, /^tag "version=v\|2": a version is letters/],
    [
      'an address with a port',
      `--address 10.0.0.1:80 ${LEAST}`,
      {},
      /^--address "10.0.0.1:80": .* without port/,
    ],
    [
      'a bad variable',
      LEAST,
      { SLUICE_SIDECAR_DRAIN: 'x' },
      /^SLUICE_SIDECAR_DRAIN "x": expected a duration/,
    ],
  ];
  for (const [name, line, env, problem] of faults) {
    it(`refuses ${name}`, () => assert.match(problemsOf(line, env).join('\n'), problem));
  }

  for (const flag of ['redis', 'consul', 'otlp']) {
    it(`does not repeat a password that stands in a bad URL of --${flag}`, () => {
      const said = problemsOf(`--${flag} ftp://ann:hunter2@x ${LEAST}`).join('\n');
      assert.match(said, new RegExp(`^--${flag}`));
      assert.doesNotMatch(said, /hunter2/);
    });
  }

  it('takes no password for the admin API, and does not repeat it', () => {
    const said = problemsOf(`--admin http://ann:hunter2@127.0.0.1:9901 ${LEAST}`).join('\n');
    assert.match(said, /^--admin "http:\/\/127.0.0.1:9901": expected .* without a password/);
    assert.doesNotMatch(said, /hunter2/);
  });

  it('explains itself with examples', () => {
    const answer = readConfig(['--help'], {});
    assert.ok('help' in answer);
    assert.match(
      answer.help,
      /sluice-sidecar --service orders --version v2 --path \/orders --port 3002 -- node app\.js/,
    );
    for (const flag of ['--service', '--inbound', '--outbound', '--drain', '--tag ']) {
      assert.ok(answer.help.includes(flag), flag);
    }
  });
});
