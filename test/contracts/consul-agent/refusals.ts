import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Api } from './api.ts';

/** Bad input: refused with Consul's status and words, and nothing is registered. */
export const refusalsContract = (api: Api): void => {
  const service = '/agent/service/register';
  const bad = (Check: object): object => ({ Name: 'bad', Check });
  const calls: [name: string, method: string, path: string, body: unknown, status: number, text: RegExp][] = [
    ['no body', 'PUT', service, undefined, 400, /^Request decode failed: EOF/],
    ['broken JSON', 'PUT', service, '{"Name":', 400, /^Request decode failed/],
    ['a list', 'PUT', service, '[]', 400, /^Request decode failed: json: cannot unmarshal array/],
    ['null', 'PUT', service, 'null', 400, /^Missing service name/],
    ['no name', 'PUT', service, { Port: 1 }, 400, /^Missing service name/],
    [
      'a name that is a number',
      'PUT',
      service,
      { Name: 5 },
      400,
      /cannot unmarshal number into .*Name of type string/,
    ],
    [
      'a port that is a text',
      'PUT',
      service,
      { Name: 'bad', Port: '80' },
      400,
      /cannot unmarshal string into .*Port of type int/,
    ],
    ['a port with a fraction', 'PUT', service, { Name: 'bad', Port: 80.5 }, 400, /cannot unmarshal number/],
    [
      'tags that are no list',
      'PUT',
      service,
      { Name: 'bad', Tags: 'a' },
      400,
      /cannot unmarshal string into .*Tags/,
    ],
    ['an unknown field', 'PUT', service, { Name: 'bad', Bogus: 1 }, 400, /json: unknown field "Bogus"/],
    [
      'an unknown field of a check',
      'PUT',
      service,
      bad({ TTL: '1s', Bogus: 1 }),
      400,
      /json: unknown field "Bogus"/,
    ],
    [
      'a meta value that is a number',
      'PUT',
      service,
      { Name: 'bad', Meta: { a: 1 } },
      400,
      /cannot unmarshal number/,
    ],
    [
      'a meta key with a space',
      'PUT',
      service,
      { Name: 'bad', Meta: { 'a b': '1' } },
      400,
      /Key contains invalid characters/,
    ],
    [
      'an address of nowhere',
      'PUT',
      service,
      { Name: 'bad', Address: '0.0.0.0' },
      400,
      /^Invalid service address/,
    ],
    [
      'a weight of 0',
      'PUT',
      service,
      { Name: 'bad', Weights: { Passing: 0 } },
      400,
      /Passing must be greater than 0/,
    ],
    [
      'a huge weight',
      'PUT',
      service,
      { Name: 'bad', Weights: { Passing: 70_000 } },
      400,
      /between 0 and 65535/,
    ],
    ['a TTL that is no time', 'PUT', service, bad({ TTL: 'soon' }), 400, /invalid duration "soon"/],
    ['a TTL below 0', 'PUT', service, bad({ TTL: '-1s' }), 400, /^Invalid check: TTL must be > 0/],
    [
      'HTTP without interval',
      'PUT',
      service,
      bad({ HTTP: 'http://127.0.0.1:1/' }),
      400,
      /^Invalid check: Interval must be > 0/,
    ],
    [
      'TTL and interval',
      'PUT',
      service,
      bad({ TTL: '1s', Interval: '1s' }),
      400,
      /^Invalid check: (TTL must|Interval and TTL)/,
    ],
    [
      'TTL and HTTP',
      'PUT',
      service,
      bad({ TTL: '1s', HTTP: 'http://127.0.0.1:1/', Interval: '1s' }),
      400,
      /cannot both/,
    ],
    [
      'an unknown Status',
      'PUT',
      service,
      bad({ TTL: '1s', Status: 'great' }),
      400,
      /^Status for checks must/,
    ],
    ['a script', 'PUT', service, bad({ Args: ['true'], Interval: '1s' }), 500, /^Scripts are disabled/],
    ['a check without name', 'PUT', '/agent/check/register', { TTL: '1s' }, 400, /^Missing check name/],
    [
      'a check of nobody',
      'PUT',
      '/agent/check/register',
      { Name: 'c', ServiceID: 'no', TTL: '1s' },
      500,
      /^ServiceID "no" does not exist/,
    ],
    [
      'an update of an unknown check',
      'PUT',
      '/agent/check/update/no',
      { Status: 'passing' },
      500,
      /^CheckID "no" does not have associated TTL/,
    ],
    [
      'a pass of an unknown check',
      'PUT',
      '/agent/check/pass/no',
      undefined,
      500,
      /^CheckID "no" does not have associated TTL/,
    ],
    [
      'an update to nonsense',
      'PUT',
      '/agent/check/update/no',
      { Status: 'great' },
      400,
      /^Invalid check status: 'great'/,
    ],
    [
      'an update without body',
      'PUT',
      '/agent/check/update/no',
      undefined,
      400,
      /^Request decode failed: EOF/,
    ],
    ['no id to deregister', 'PUT', '/agent/service/deregister/', undefined, 500, /^ServiceID missing/],
    [
      'maintenance of nobody',
      'PUT',
      '/agent/service/maintenance/no?enable=true',
      undefined,
      404,
      /^No service registered with ID "no"/,
    ],
    [
      'maintenance of what',
      'PUT',
      '/agent/service/maintenance/no',
      undefined,
      400,
      /^Missing value for enable/,
    ],
    [
      'maintenance maybe',
      'PUT',
      '/agent/service/maintenance/no?enable=maybe',
      undefined,
      400,
      /^Invalid value for enable: "maybe"/,
    ],
    ['an unknown service', 'GET', '/agent/service/no', undefined, 404, /^unknown service ID: no/],
    ['no service name', 'GET', '/health/service/', undefined, 400, /^Missing service name/],
    ['no state', 'GET', '/health/state/', undefined, 400, /^Missing check state/],
    ['a node without name', 'PUT', '/catalog/register', { Address: '127.0.0.9' }, 500, /^Must provide node/],
    ['a node without address', 'PUT', '/catalog/register', { Node: 'n' }, 500, /^Must provide address/],
    [
      'a check of a service that is not on the node',
      'PUT',
      '/catalog/register',
      { Node: 'n', Address: '127.0.0.9', Check: { Name: 'c', ServiceID: 'no', Status: 'passing' } },
      500,
      /Missing service registration/,
    ],
    ['nobody to deregister', 'PUT', '/catalog/deregister', {}, 500, /^Must provide node/],
    ['an index that is none', 'GET', '/health/service/no?index=abc', undefined, 400, /^Invalid index/],
    [
      'a wait that is none',
      'GET',
      '/health/service/no?index=1&wait=soon',
      undefined,
      400,
      /^Invalid wait time/,
    ],
    [
      'a wait without unit',
      'GET',
      '/health/service/no?index=1&wait=10',
      undefined,
      400,
      /^Invalid wait time/,
    ],
    [
      'a passing that is neither',
      'GET',
      '/health/service/no?passing=maybe',
      undefined,
      400,
      /^Invalid value for \??passing/,
    ],
    ['another data centre', 'GET', '/health/service/no?dc=dc2', undefined, 500, /^No path to datacenter/],
    ['a wrong method', 'POST', service, {}, 405, /^method POST not allowed/],
    ['an unknown path', 'GET', '/agent/nonsense', undefined, 404, /^/],
    ['a huge value', 'PUT', '/kv/huge', 'x'.repeat(600_000), 413, /too large, max size: 524288 bytes/],
  ];

  describe('refusals', () => {
    for (const [name, method, path, body, status, text] of calls) {
      test(name, async () => {
        const reply = await api.call(method, path, body);
        assert.deepEqual([reply.status, text.test(reply.body)], [status, true], reply.body);
      });
    }

    test('nothing of all this was registered', async () => {
      assert.deepEqual((await api.get('/agent/services')).body, {});
      assert.deepEqual((await api.get('/agent/checks')).body, {});
      assert.equal((await api.call('GET', '/kv/huge')).status, 404);
    });
  });
};
