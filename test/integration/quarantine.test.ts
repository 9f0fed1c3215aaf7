import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ExplainAnswer, QuarantineAnswer, RoutesAnswer } from '../../src/admin/api.ts';
import { type RunningGateway, run, runGateway } from '../support/processes.ts';
import { type ConsulServer, startConsul } from '../support/servers.ts';
import { deregister, register, type Service, startService } from '../support/service.ts';
import { eventually } from '../support/wait.ts';

/** What is wrong in a real Consul, told in every place, by a gateway that serves by itself and by one with workers. */
let consul: ConsulServer;
let service: Service;

before(async () => {
  [consul, service] = await Promise.all([startConsul(), startService('hello')]);
});
after(() => Promise.all([consul.stop(), service.stop()]));

const put = (id: string, ...tags: string[]): Promise<void> =>
  register(consul.address, { ID: id, Name: id.replace(/-\d$/, ''), Port: service.port, Tags: tags });

const document = async (path: string): Promise<void> => {
  const text = JSON.stringify({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'shop' },
    spec: {
      rules: [
        { matches: [{ path: { type: 'PathPrefix', value: path } }], backendRefs: [{ name: 'orders' }] },
      ],
    },
  });
  const answer = await fetch(`http://${consul.address}/v1/kv/sluice/routes/shop`, {
    method: 'PUT',
    body: text,
  });
  assert.equal(answer.status, 200);
};

for (const workers of ['off', '2']) {
  describe(`--workers ${workers}`, () => {
    let gateway: RunningGateway;
    let front: string;
    const get = async <T>(path: string): Promise<T> =>
      (await (await fetch(`${gateway.admin}${path}`)).json()) as T;
    const cli = async (...args: string[]) => {
      const process = run('dist/src/cli/main.js', [...args, '--admin', gateway.admin.replace('http://', '')]);
      return { code: await process.exited, out: process.stdout() };
    };
    /** `kind owner subject`, sorted. */
    const told = async (): Promise<string[]> =>
      (await get<QuarantineAnswer>('/api/quarantine')).quarantine
        .map(({ kind, owner, subject }) => `${kind} ${owner} ${subject}`)
        .sort();
    const until = (...expected: string[]): Promise<unknown> =>
      eventually(async () => (await told()).join('\n') === expected.join('\n'), {
        within: 5_000,
        hint: () => expected.join('; ') || 'nothing is in quarantine',
      });
    const counted = async (): Promise<string[]> =>
      (await (await fetch(`${gateway.admin}/metrics`)).text())
        .split('\n')
        .filter(line => line.startsWith('sluice_quarantined{'));
    const logged = (message: string): number => gateway.log().filter(({ msg }) => msg === message).length;
    /** Workers, and who reads what the process writes, come a moment later. */
    const lines = (message: string, count: number): Promise<unknown> =>
      eventually(() => logged(message) === count, {
        within: 5_000,
        hint: () => `${count} times "${message}", not ${logged(message)} times`,
      });
    const served = (path: string): Promise<unknown> =>
      eventually(async () => (await (await fetch(`${front}${path}`)).text()) === 'hello', {
        within: 5_000,
        hint: path,
      });

    before(async () => {
      await put('orders-1', 'path=/orders', 'weight=5', 'version=v1');
      await put('orders-2', 'path=/orders', 'weight=5', 'version=v1');
      await document('/shop');
      const where = ['--consul', consul.address, '--redis', 'off', '--access-log', 'off'];
      gateway = await runGateway([...where, '--workers', workers]);
      front = await gateway.serving();
      await until();
    });
    after(async () => {
      assert.equal(await gateway.stop(), 0);
      await Promise.all(
        ['orders-1', 'orders-2', 'bad-1', 'rival-1', 'typo-1'].map(id =>
          deregister(consul.address, id).catch(() => {}),
        ),
      );
    });

    it('warnings alone leave lint at exit 0', async () => {
      await put('typo-1', 'pth=/typo', 'primary', 'env=prod');
      await until('typo typo pth=/typo');
      const { code, out } = await cli('lint');
      assert.equal(code, 0);
      assert.match(
        out,
        /^Nothing is in quarantine: .*\nSINCE .*\n\S+ +typo +typo +pth=\/typo .* write path=\/typo\n$/,
      );
    });

    it('so does a rate limit that cannot be shared without Redis', async () => {
      await put('limited-1', 'path=/limited', 'rate-limit=5/s');
      await until('typo typo pth=/typo', 'unshared limited rate-limit=5/s');
      const { code, out } = await cli('lint');
      assert.equal(code, 0);
      assert.match(out, / unshared +limited +rate-limit=5\/s .* --redis/);
      await lines('a rate limit is not shared', 1);
      await deregister(consul.address, 'limited-1');
      await until('typo typo pth=/typo');
    });

    it('all of it is told everywhere, and what is sound is served', async () => {
      await put('bad-1', 'path=bad', 'path=/good');
      await put('rival-1', 'path=/orders');
      await put('orders-2', 'path=/orders', 'weight=10', 'version=v1');
      await document('shop');
      const all = [
        'conflict rival /orders/*',
        'disagreement orders weight of v1',
        'document default/shop spec.rules[0].matches[0].path.value',
        'tag bad path=bad',
        'typo typo pth=/typo',
      ];
      await until(...all);
      assert.deepEqual(
        (await counted()).map(line => line.slice('sluice_quarantined'.length)),
        [
          ...['{kind="tag"} 1', '{kind="document"} 1', '{kind="conflict"} 1', '{kind="limit"} 0'],
          ...['{kind="disagreement"} 1', '{kind="typo"} 1', '{kind="unshared"} 0'],
        ],
      );
      const { code, out } = await cli('lint');
      assert.equal(code, 1);
      assert.equal(out.trimEnd().split('\n').length, 1 + all.length, out);
      assert.match((await cli('routes')).out, /^quarantined: rival: \/orders\/\*: service "orders" holds/m);
      for (const path of ['/orders/1', '/good', '/shop']) await served(path);
      await lines('quarantined', 4);
    });

    it('explain answers by the rules that are in force', async () => {
      const { target, candidates, instances } = await get<ExplainAnswer>('/api/explain?url=/orders/1');
      assert.deepEqual([target?.service, target?.version, candidates.length], ['orders', 'v1', 1]);
      assert.equal(instances.length, 2);
      assert.equal((await cli('explain', 'GET', '/orders/1')).code, 0);
      assert.equal((await cli('explain', 'GET', '/typo')).code, 1);
    });

    it('other changes say nothing again, and each end is told once', async () => {
      const { revision } = await get<RoutesAnswer>('/api/routes');
      for (const name of ['a', 'b', 'c']) await put(`${name}-1`, `path=/${name}`);
      await eventually(async () => (await get<RoutesAnswer>('/api/routes')).revision > revision, {
        within: 5_000,
        hint: 'a swap',
      });
      await served('/c');
      assert.equal(logged('quarantined'), 4);
      await put('orders-1', 'path=/orders', 'weight=10', 'version=v1');
      await put('bad-1', 'path=/good');
      await put('typo-1', 'path=/typo');
      await deregister(consul.address, 'rival-1');
      await document('/shop');
      await until();
      assert.equal((await cli('lint')).code, 0);
      await lines('out of quarantine', 4);
      assert.equal(logged('quarantined'), 4);
      assert.equal(logged('a tag may be mistyped'), 1);
      for (const name of ['a', 'b', 'c']) await deregister(consul.address, `${name}-1`);
    });
  });
}
