import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, it } from 'node:test';
import type {
  ProblemAnswer,
  QuarantineAnswer,
  RoutesAnswer,
  ServicesAnswer,
  StatusAnswer,
} from '../../src/admin/api.ts';
import type { AdminParts } from '../../src/admin/parts.ts';
import { type AdminServer, startAdmin } from '../../src/admin/server.ts';
import type { HistoryAnswer, LedgerEntryAnswer, WeightsAnswer } from '../../src/admin/weights-api.ts';
import { openDesk } from '../../src/canary/desk.ts';
import { openMemoryBoard } from '../../src/canary/memory-board.ts';
import { requestsOf } from '../../src/canary/requests.ts';
import { Fleet } from '../../src/core/balance/fleet.ts';
import { explain } from '../../src/core/decide/explain.ts';
import { NO_PINS } from '../../src/core/decide/picking.ts';
import { compileRoutes } from '../../src/core/match/match.ts';
import type { Snapshot } from '../../src/core/model/snapshot.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { openMemoryStore } from '../../src/weights/memory-store.ts';
import { buildSnapshot, catalogOf, instance } from '../core/build.ts';

const store = openMemoryStore({ log: silentLog });
const state = {
  snapshot: undefined as Snapshot | undefined,
  draining: false,
  ejected: new Map<string, number>(),
  page: async function* (): AsyncGenerator<string> {
    yield 'sluice_up 1\n';
  },
};

const parts: AdminParts = {
  version: '1.2.3',
  startedAt: 0,
  now: () => 5_000,
  isReady: () => state.snapshot !== undefined && !state.draining,
  isDraining: () => state.draining,
  snapshot: () => (state.snapshot === undefined ? undefined : { snapshot: state.snapshot, since: 3_000 }),
  ejected: async () => state.ejected,
  explain: (snapshot, facts) =>
    explain(compileRoutes(snapshot.rules), facts, new Fleet(), 0, () => 0.5, NO_PINS),
  consul: () => ({ state: 'down', since: 0, detail: 'connect ECONNREFUSED' }),
  release: service =>
    service === undefined ? { instances: 3, documents: 2 } : { instances: 1, documents: 0 },
  metrics: async () => state.page(),
  workers: () => undefined,
  weights: store,
  canaries: requestsOf(openDesk(openMemoryBoard())),
  state: () => undefined,
  config: () => ({ revision: 1, loadedAt: 0, problems: [], waiting: [] }),
};

let admin: AdminServer;
before(async () => {
  admin = await startAdmin({ host: '127.0.0.1', port: 0 }, parts, silentLog);
});
after(async () => {
  await admin.close();
  await store.close();
});

/** What is said of an answer's JSON is for the test to show: it knows what it asks for. */
interface Answer<T> {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  text: string;
  json: T;
}

const ask = <T = ProblemAnswer>(
  method: string,
  path: string,
  { headers = {}, body }: { headers?: Record<string, string>; body?: string } = {},
): Promise<Answer<T>> =>
  new Promise((resolve, reject) => {
    const [host, port] = admin.address.split(':');
    const req = request({ host, port, method, path, headers }, res => {
      let text = '';
      res.on('data', chunk => {
        text += chunk;
      });
      res.on('end', () => {
        const isJson = res.headers['content-type']?.includes('json');
        resolve({
          status: res.statusCode ?? 0,
          headers: res.headers,
          text,
          json: isJson ? JSON.parse(text) : undefined,
        });
      });
    });
    req.on('error', reject);
    req.end(body);
  });

const JSON_TYPE = { 'content-type': 'application/json' };
const put = (
  path: string,
  body: unknown,
  headers = JSON_TYPE,
): Promise<Answer<LedgerEntryAnswer & ProblemAnswer>> =>
  ask('PUT', path, { headers, body: typeof body === 'string' ? body : JSON.stringify(body) });

describe('before the first snapshot', () => {
  it('is alive but not ready, and says what is missing', async () => {
    assert.equal((await ask('GET', '/healthz')).status, 200);
    const ready = await ask('GET', '/readyz');
    assert.deepEqual([ready.status, ready.text], [503, 'waiting for Consul\n']);
    const routes = await ask('GET', '/api/routes');
    assert.equal(routes.status, 503);
    assert.equal(routes.headers['retry-after'], '1');
  });

  it('says nothing of weights: they may not have been read yet', async () => {
    assert.equal((await ask('GET', '/api/weights')).status, 503);
  });
});

describe('with a snapshot', () => {
  before(() => {
    state.snapshot = buildSnapshot({
      catalog: catalogOf(
        instance({ service: 'orders', tags: ['path=/orders', 'version=v1'] }),
        instance({ service: 'orders', tags: ['path=/orders', 'version=v2', 'path=bad'] }),
      ),
      weights: new Map([
        [
          'orders',
          {
            weights: new Map([
              ['v1', 3],
              ['v2', 1],
            ]),
            revision: 7,
          },
        ],
      ]),
      policy: 'passing-only',
      tagPrefix: '',
    });
  });

  it('is ready until it drains', async () => {
    assert.equal((await ask('GET', '/readyz')).status, 200);
    state.draining = true;
    assert.equal((await ask('GET', '/readyz')).text, 'draining\n');
    state.draining = false;
  });

  it('tells routes, services, quarantine, status and metrics', async () => {
    const { json: routes } = await ask<RoutesAnswer>('GET', '/api/routes');
    assert.deepEqual(
      routes.routes.map(r => [r.route, r.backends[0]?.source]),
      [['/orders/*', 'weights']],
    );
    assert.deepEqual(
      routes.routes[0]?.backends[0]?.versions.map(v => [v.version, v.share]),
      [
        ['v1', 0.75],
        ['v2', 0.25],
      ],
    );
    const { json: services } = await ask<ServicesAnswer>('GET', '/api/services');
    assert.equal(services.services[0]?.instances.length, 2);
    state.ejected.set(services.services[0]?.instances[1]?.id ?? '', 60_000);
    for (const path of ['/api/services', '/api/routes']) {
      const { text } = await ask('GET', path);
      assert.equal(text.match(/"ejectedUntil":"1970-01-01T00:01:00.000Z"/g)?.length, 1, path);
    }
    state.ejected.clear();
    const { json: quarantine } = await ask<QuarantineAnswer>('GET', '/api/quarantine');
    assert.deepEqual(
      quarantine.quarantine.map(q => q.subject),
      ['path=bad'],
    );
    const { json: status } = await ask<StatusAnswer>('GET', '/api/status');
    assert.deepEqual(status.snapshot, {
      revision: 1,
      ageSeconds: 2,
      routes: 1,
      services: 1,
      instances: 2,
      quarantined: 1,
    });
    assert.equal(status.consul.detail, 'connect ECONNREFUSED');
    const metrics = await ask('GET', '/metrics');
    assert.equal(metrics.text, 'sluice_up 1\n');
  });
});

describe('weights', () => {
  it('are set, read, remembered and cleared', async () => {
    const set = await put('/api/weights/users', {
      weights: { v1: 95, v2: 5 },
      reason: 'canary',
      actor: 'ann',
    });
    assert.deepEqual(
      [set.status, set.json.revision, set.json.actor, set.json.source, set.json.to],
      [200, 1, 'ann', 'api', { v1: '95', v2: '5' }],
    );
    const { json: history } = await ask<HistoryAnswer>('GET', '/api/weights/users/history');
    assert.equal(history.entries[0]?.reason, 'canary');
    assert.match(history.entries[0]?.at ?? '', /^\d{4}-\d\d-\d\dT/);
    await store.follow(['users']);
    const { json: all } = await ask<WeightsAnswer>('GET', '/api/weights');
    assert.deepEqual(all.services.users?.weights, { v1: 95, v2: 5 });
    const cleared = await ask<LedgerEntryAnswer>('DELETE', '/api/weights/users?actor=bob&reason=done');
    assert.deepEqual([cleared.json.actor, cleared.json.to], ['bob', {}]);
  });

  it('lets go of what is held, of one service or of all', async () => {
    assert.deepEqual((await ask('DELETE', '/api/held/users')).json, { released: 1, documents: 0 });
    assert.deepEqual((await ask('DELETE', '/api/held')).json, { released: 3, documents: 2 });
  });

  it('a blocking read waits for the next change, and no longer', async () => {
    const { json: now } = await ask<WeightsAnswer>('GET', '/api/weights');
    const next = ask<WeightsAnswer>('GET', `/api/weights?index=${now.index}&wait=30s`);
    await put('/api/weights/users', { weights: { v1: 1 } });
    const answer = await next;
    assert.ok(answer.json.index > now.index);
    assert.equal(answer.headers['x-sluice-index'], String(answer.json.index));
    const { json: same } = await ask<WeightsAnswer>(
      'GET',
      `/api/weights?index=${answer.json.index}&wait=1ms`,
    );
    assert.equal(same.index, answer.json.index);
  });

  const bad: [name: string, body: unknown][] = [
    ['no JSON', '{'],
    ['no weights', {}],
    ['a weight that is a text', { weights: { v1: '5' } }],
    ['an unknown field', { weights: { v1: 1 }, wieghts: {} }],
    ['a negative weight', { weights: { v1: -1 } }],
    ['a huge weight', { weights: { v1: 1e12 } }],
    ['a bad version', { weights: { 'v 1': 1 } }],
  ];
  for (const [name, body] of bad) {
    it(`refuses ${name} with a sentence, and loses nothing`, async () => {
      await put('/api/weights/users', { weights: { v1: 1 } });
      const answer = await put('/api/weights/users', body);
      assert.ok(answer.status === 400 || answer.status === 422, String(answer.status));
      assert.ok(answer.json.detail.length > 10);
      assert.deepEqual((await ask<WeightsAnswer>('GET', '/api/weights')).json.services.users?.weights, {
        v1: 1,
      });
    });
  }
  it('a body over the limit', async () => {
    const answer = await put('/api/weights/users', { reason: 'x'.repeat(70_000) });
    assert.equal(answer.status, 413);
  });
});

describe('the API keeps web pages away', () => {
  it('DNS rebinding: a foreign Host is refused', async () => {
    assert.equal((await ask('GET', '/api/status', { headers: { host: 'evil.example:9901' } })).status, 403);
    assert.equal((await ask('GET', '/api/status', { headers: { host: 'localhost:9901' } })).status, 200);
  });
  it('cross-site form: a write that is not JSON is refused', async () => {
    const answer = await ask('PUT', '/api/weights/users', {
      headers: { 'content-type': 'text/plain' },
      body: '{}',
    });
    assert.equal(answer.status, 415);
  });
  it('cross-site script: a write from another origin is refused', async () => {
    const answer = await put('/api/weights/users', { weights: { v1: 1 } }, {
      ...JSON_TYPE,
      origin: 'http://evil.example',
    } as typeof JSON_TYPE);
    assert.equal(answer.status, 403);
  });
});

describe('what there is not', () => {
  it('an unknown path names the known ones', async () => {
    const answer = await ask('GET', '/api/nothing');
    assert.equal(answer.status, 404);
    assert.match(answer.json.detail, /\/api\/routes/);
  });
  it('odd request targets are the caller’s fault', async () => {
    assert.equal((await ask('GET', '//')).status, 404);
    assert.equal((await ask('OPTIONS', '*')).status, 400);
    assert.equal((await ask('GET', 'http://[/healthz')).status, 400);
    assert.equal((await ask('GET', 'http://127.0.0.1/healthz')).status, 200);
  });
  it('an unknown method says which', async () => {
    const answer = await ask('DELETE', '/api/routes');
    assert.deepEqual([answer.status, answer.headers.allow], [405, 'GET']);
  });
});
