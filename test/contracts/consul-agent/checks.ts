import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { type Api, type Check, type Entry, findCheck } from './api.ts';

/** How services tell their health, and how the agent finds it out. */
export const checksContract = (api: Api): void => {
  describe('checks', () => {
    test('a TTL check starts critical, or as Status says', async () => {
      await api.register({ ID: 'ttl-a', Name: 'ttl', Check: { TTL: '60s' } });
      await api.register({ ID: 'ttl-b', Name: 'ttl', Check: { TTL: '60s', Status: 'passing' } });
      const { body } = await api.entries('ttl');
      assert.equal(findCheck(body, 'service:ttl-a')?.Status, 'critical');
      assert.equal(findCheck(body, 'service:ttl-b')?.Status, 'passing');
      const passing = await api.get<Entry[]>('/health/service/ttl?passing');
      assert.deepEqual(
        passing.body.map(e => e.Service.ID),
        ['ttl-b'],
      );
    });

    test('pass, warn, fail and update set status and output; ?passing leaves warnings out', async () => {
      await api.register({ Name: 'voice', Check: { TTL: '60s' } });
      const id = 'service:voice';
      await api.put(`/agent/check/pass/${id}?note=well`);
      assert.equal((await api.untilStatus('voice', id, 'passing')).Output, 'well');
      await api.put(`/agent/check/warn/${id}?note=so%20so`);
      assert.equal((await api.untilStatus('voice', id, 'warning')).Output, 'so so');
      assert.deepEqual((await api.get('/health/service/voice?passing')).body, []);
      await api.put(`/agent/check/fail/${id}`);
      assert.equal((await api.untilStatus('voice', id, 'critical')).Output, '');
      await api.put(`/agent/check/update/${id}`, { Status: 'passing', Output: 'again' });
      assert.equal((await api.untilStatus('voice', id, 'passing')).Output, 'again');
    });

    test('a TTL that passes without a word makes the check critical, and the output tells', async () => {
      await api.register({ Name: 'mute', Check: { TTL: '1s', Status: 'passing' } });
      await api.put('/agent/check/pass/service:mute?note=last');
      const check = await api.untilStatus('mute', 'service:mute', 'critical');
      assert.match(check.Output, /^TTL expired.*last$/);
    });

    test('an HTTP check follows what the service answers: 429 warns, 2xx passes, 503 is critical', async t => {
      const service = await answering(t, 429);
      await api.register({
        Name: 'web',
        Check: {
          HTTP: `${service.url}/health`,
          Interval: '1s',
          Timeout: '1s',
          Header: { 'X-Probe': ['yes'] },
        },
      });
      assert.match((await api.untilStatus('web', 'service:web', 'warning')).Output, /429/);
      service.status = 204;
      await api.untilStatus('web', 'service:web', 'passing');
      service.status = 503;
      await api.untilStatus('web', 'service:web', 'critical');
      assert.deepEqual(service.seen, { method: 'GET', url: '/health', probe: 'yes' });
    });

    test('a TCP check passes when a connection can be made', async t => {
      const service = await answering(t, 200);
      await api.register({
        Name: 'raw',
        Check: { TCP: service.url.slice('http://'.length), Interval: '1s' },
      });
      await api.untilStatus('raw', 'service:raw', 'passing');
      service.close();
      await api.untilStatus('raw', 'service:raw', 'critical');
    });

    test('maintenance is a critical check of its own, with its reason, until it is lifted', async () => {
      await api.register({ Name: 'pause', Check: { TTL: '60s', Status: 'passing' } });
      const id = '_service_maintenance:pause';
      await api.put('/agent/service/maintenance/pause?enable=true&reason=because');
      await api.put('/agent/service/maintenance/pause?enable=true&reason=another');
      const check = await api.untilStatus('pause', id, 'critical');
      assert.deepEqual([check.Name, check.Notes], ['Service Maintenance Mode', 'because']);
      assert.deepEqual((await api.get('/health/service/pause?passing')).body, []);
      await api.put('/agent/service/maintenance/pause?enable=false');
      await api.until<Entry[]>('/health/service/pause', list => findCheck(list, id) === undefined);
    });

    test('checks can be added to a service and taken off', async () => {
      await api.register({ Name: 'extra' });
      await api.put('/agent/check/register', { ID: 'extra-1', Name: 'more', ServiceID: 'extra', TTL: '60s' });
      assert.equal((await api.untilStatus('extra', 'extra-1', 'critical')).Name, 'more');
      await api.put('/agent/check/deregister/extra-1');
      await api.until<Entry[]>('/health/service/extra', list => findCheck(list, 'extra-1') === undefined);
      await api.put('/agent/check/deregister/extra-1');
    });

    test('a check without service counts for every service on the node', async () => {
      await api.register({ Name: 'tenant' });
      await api.put('/agent/check/register', { ID: 'disk', Name: 'disk', TTL: '60s', Status: 'passing' });
      await api.untilStatus('tenant', 'disk', 'passing');
      await api.put('/agent/check/fail/disk');
      await api.untilStatus('tenant', 'disk', 'critical');
      assert.deepEqual((await api.get('/health/service/tenant?passing')).body, []);
      await api.put('/agent/check/deregister/disk');
      await api.until<Entry[]>('/health/service/tenant', list => findCheck(list, 'disk') === undefined);
    });

    test('checks are listed by state and by service', async () => {
      await api.register({ Name: 'lister', Check: { TTL: '60s', Status: 'warning' } });
      const ids = async (path: string): Promise<string[]> =>
        (await api.get<Check[]>(path)).body.map(check => check.CheckID);
      assert.deepEqual(await ids('/health/checks/lister'), ['service:lister']);
      assert.deepEqual(await ids('/health/state/warning'), ['service:lister']);
      assert.ok(!(await ids('/health/state/passing')).includes('service:lister'));
      assert.deepEqual((await ids('/health/state/any')).toSorted(), ['serfHealth', 'service:lister']);
      assert.deepEqual(await ids('/health/state/nonsense'), []);
    });
  });
};

interface Answering {
  readonly url: string;
  /** What it answers from now on. */
  status: number;
  readonly seen: { method?: string; url?: string; probe?: string };
  close(): void;
}

/** A service whose health the test turns. */
const answering = async (t: TestContext, status: number): Promise<Answering> => {
  const seen: Answering['seen'] = {};
  const server = createServer((request, response) => {
    Object.assign(seen, { method: request.method, url: request.url, probe: request.headers['x-probe'] });
    response.writeHead(answers.status).end();
  }).listen(0, '127.0.0.1');
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  t.after(close);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const answers: Answering = { url: `http://127.0.0.1:${port}`, status, seen, close };
  return answers;
};
