import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createConsulClient } from '../../src/consul/client.ts';
import { createGate } from '../../src/core/decide/gate.ts';
import { type Documents, followDocuments } from '../../src/documents/documents.ts';
import type { Shelf } from '../../src/documents/shelf.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { type ConsulServer, startConsul } from '../support/servers.ts';
import { eventually } from '../support/wait.ts';

const document = (name: string, service: string): string =>
  `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: ${name}}
spec: {rules: [{backendRefs: [{name: ${service}}]}]}
`;

const inForce = ({ routes }: Shelf): string =>
  routes
    .map(
      ({ route, isOutdated }) =>
        `${route.name.replace('default/', '')}:${route.rules[0]?.backends[0]?.service}${isOutdated ? '!' : ''}`,
    )
    .join(' ');

/** Follows, and remembers every shelf. */
const follow = (
  options: Pick<Parameters<typeof followDocuments>[0], 'path' | 'keys'>,
  use: () => Promise<void> = async () => {},
) => {
  const seen: Shelf[] = [];
  const documents: Documents = followDocuments({
    ...options,
    onShelf: shelf => {
      seen.push(shelf);
      return use();
    },
    log: silentLog,
    thread: new URL('./reader-thread.mjs', import.meta.url),
  });
  const until = async (wanted: string): Promise<Shelf> =>
    eventually(
      () => {
        const shelf = seen.at(-1);
        return shelf !== undefined && inForce(shelf) === wanted ? shelf : false;
      },
      { within: 10_000, hint: () => `"${wanted}", not "${seen.map(inForce).join('", "')}"` },
    );
  return { seen, until, release: documents.release, stop: documents.stop };
};

let following: ReturnType<typeof follow>;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-routes-'));
});
afterEach(async () => {
  await following.stop();
  await rm(folder, { recursive: true });
});

describe('a folder of route documents', () => {
  it('is followed: files that come, change and go, and no others', async () => {
    await writeFile(join(folder, 'a.yaml'), document('a', 'one'));
    await writeFile(join(folder, 'b.json'), JSON.stringify({ kind: 'Service' }));
    await writeFile(join(folder, 'README.md'), '# not a route');
    following = follow({ path: folder, keys: undefined });
    assert.equal((await following.until('a:one')).problems[0]?.source, join(folder, 'b.json'));
    await writeFile(join(folder, 'c.yml'), `${document('c', 'one')}---\n${document('d', 'one')}`);
    await following.until('a:one c:one d:one');
    await writeFile(join(folder, 'a.yaml'), document('a', 'two'));
    await following.until('a:two c:one d:one');
    await unlink(join(folder, 'c.yml'));
    await following.until('a:two');
  });

  it('stops once what is being made of a shelf is done, and tells of nothing after that', async () => {
    await writeFile(join(folder, 'a.yaml'), document('a', 'one'));
    const made = createGate();
    following = follow({ path: folder, keys: undefined }, () => made.opened);
    await following.until('a:one');
    await writeFile(join(folder, 'b.yaml'), document('b', 'one'));
    let isStopped = false;
    const stopping = following.stop().then(() => {
      isStopped = true;
    });
    await nextTurn();
    assert.equal(isStopped, false);
    made.open();
    await stopping;
    assert.deepEqual(following.seen.map(inForce), ['a:one']);
  });

  it('the first shelf has all that is there', async () => {
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => writeFile(join(folder, `${i}.yaml`), document(`r${i}`, 'one'))),
    );
    following = follow({ path: folder, keys: undefined });
    const first = await eventually(() => following.seen[0], { within: 10_000, hint: 'a shelf' });
    assert.equal(first.routes.length, 20);
  });

  it('a bad file leaves its last good documents in force, and all others', async () => {
    await writeFile(join(folder, 'a.yaml'), document('a', 'one'));
    await writeFile(join(folder, 'b.yaml'), document('b', 'one'));
    following = follow({ path: folder, keys: undefined });
    await following.until('a:one b:one');
    await writeFile(join(folder, 'a.yaml'), document('a', 'two').replace('rules', 'ruels'));
    const { problems } = await following.until('b:one a:one!');
    assert.deepEqual(
      problems.map(({ source, line, field }) => `${source}:${line} ${field}`),
      [`${join(folder, 'a.yaml')}:4 spec.ruels`],
    );
    await writeFile(join(folder, 'a.yaml'), document('a', 'two'));
    assert.deepEqual((await following.until('a:two b:one')).problems, []);
  });

  it('files that are replaced by a rename', async () => {
    await writeFile(join(folder, 'a.yaml'), document('a', 'one'));
    following = follow({ path: folder, keys: undefined });
    await following.until('a:one');
    for (const service of ['two', 'three', 'four']) {
      await writeFile(join(folder, '.a.tmp'), document('a', service));
      await rename(join(folder, '.a.tmp'), join(folder, 'a.yaml'));
      await following.until(`a:${service}`);
    }
  });

  it("a ConfigMap's: links behind one link that is swapped", async () => {
    const version = async (name: string, service: string): Promise<void> => {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'a.yaml'), document('a', service));
      await writeFile(join(folder, name, 'b.yaml'), document('b', service));
      await symlink(name, join(folder, '..data_tmp'));
      await rename(join(folder, '..data_tmp'), join(folder, '..data'));
    };
    await version('..v1', 'one');
    for (const file of ['a.yaml', 'b.yaml']) await symlink(join('..data', file), join(folder, file));
    following = follow({ path: folder, keys: undefined });
    await following.until('a:one b:one');
    await version('..v2', 'two');
    await following.until('a:two b:two');
    assert.deepEqual(following.seen.map(inForce), ['a:one b:one', 'a:two b:two'], 'never a mix of both');
  });

  it('one that goes away keeps what was read, and is followed again when it is back', async () => {
    const inner = join(folder, 'routes');
    await mkdir(inner);
    await writeFile(join(inner, 'a.yaml'), document('a', 'one'));
    following = follow({ path: inner, keys: undefined });
    await following.until('a:one');
    await mkdir(join(folder, 'next'));
    await writeFile(join(folder, 'next', 'a.yaml'), document('a', 'two'));
    await rename(inner, join(folder, 'elsewhere'));
    await rename(join(folder, 'next'), inner);
    await following.until('a:two');
    assert.deepEqual(following.seen.map(inForce), ['a:one', 'a:two']);
  });

  it('a file that is too large is named, and costs nothing', async () => {
    await writeFile(join(folder, 'a.yaml'), document('a', 'one'));
    await writeFile(join(folder, 'big.yaml'), '#'.repeat(1024 * 1024 + 1));
    following = follow({ path: folder, keys: undefined });
    const { problems } = await following.until('a:one');
    assert.match(problems[0]?.message ?? '', /more than 1MiB/);
  });
});

describe('one file of route documents', () => {
  it('is followed, and its neighbours are not', async () => {
    const file = join(folder, 'a.routes');
    await writeFile(file, document('a', 'one'));
    following = follow({ path: file, keys: undefined });
    await following.until('a:one');
    await writeFile(join(folder, 'b.yaml'), document('b', 'one'));
    await writeFile(file, `${document('a', 'two')}---\n${document('c', 'two')}`);
    await following.until('a:two c:two');
    await unlink(file);
    await writeFile(file, document('a', 'three'));
    await following.until('a:three');
  });
});

describe('route documents that a token may no longer read', () => {
  const prefix = 'sluice/routes/';
  const rules = `key_prefix "${prefix}" { policy = "read" }`;
  let consul: ConsulServer;
  before(async () => {
    consul = await startConsul({
      config: { acl: { enabled: true, default_policy: 'deny', tokens: { master: 'root' } } },
    });
  });
  after(() => consul.stop());
  const put = async (path: string, body: object | string): Promise<Record<string, string>> => {
    const response = await fetch(`http://${consul.address}/v1${path}`, {
      method: 'PUT',
      headers: { 'X-Consul-Token': 'root' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text) as Record<string, string>;
  };

  it('stay in force, and follow their keys again when it may', async () => {
    const policy = String((await put('/acl/policy', { Name: 'routes', Rules: rules })).ID);
    const { SecretID: token } = await put('/acl/token', { Policies: [{ ID: policy }] });
    await put(`/kv/${prefix}a`, document('a', 'one'));
    await put(`/kv/${prefix}b`, document('b', 'one'));
    const client = createConsulClient({ address: consul.address, token: () => token });
    const answers: number[] = [];
    const counted: typeof client = {
      ...client,
      keys: async (...ask) => {
        const answer = await client.keys(...ask);
        answers.push(answer.data.length);
        return answer;
      },
    };
    const both = follow({ path: undefined, keys: { client: counted, prefix, holdMs: 0 } });
    following = {
      ...both,
      stop: async () => {
        await both.stop();
        client.close();
      },
    };
    await following.until('a:one b:one');
    await put(`/acl/policy/${policy}`, {
      ID: policy,
      Name: 'routes',
      Rules: 'key_prefix "x" { policy = "read" }',
    });
    // The query that waits has the rights that it began with; the next one has not.
    await put(`/kv/${prefix}b`, document('b', 'two'));
    await following.until('a:one b:two');
    await put(`/kv/${prefix}c`, document('c', 'one'));
    await eventually(() => answers.filter(length => length === 0).length > 1, {
      within: 20_000,
      hint: 'answers without keys',
    });
    assert.equal(inForce(following.seen.at(-1) as Shelf), 'a:one b:two');
    await put(`/acl/policy/${policy}`, { ID: policy, Name: 'routes', Rules: rules });
    await following.until('a:one b:two c:one');
  });
});

describe('route documents in Consul', () => {
  const prefix = 'sluice/routes/';
  let consul: ConsulServer;
  before(async () => {
    consul = await startConsul();
  });
  after(() => consul.stop());
  const call = async (method: 'PUT' | 'DELETE', key: string, body?: string): Promise<void> => {
    const url = `http://${consul.address}/v1/kv/${key}`;
    const response = await fetch(url, { method, ...(body === undefined ? {} : { body }) });
    assert.equal((await response.text()).trim(), 'true');
  };
  const followKeys = (holdMs = 60_000) => {
    const client = createConsulClient({ address: consul.address });
    const keys = follow({ path: undefined, keys: { client, prefix, holdMs } });
    return {
      ...keys,
      stop: async () => {
        await keys.stop();
        client.close();
      },
    };
  };

  it('are followed: keys that come, change and go', async () => {
    following = followKeys();
    await following.until('');
    await call('PUT', `${prefix}a`, document('a', 'one'));
    await following.until('a:one');
    await call('PUT', `${prefix}team/b`, document('b', 'one'));
    await call('PUT', 'sluice/other', document('c', 'one'));
    await call('PUT', `${prefix}team/`, '');
    await following.until('a:one b:one');
    await call('PUT', `${prefix}a`, document('a', 'two'));
    await following.until('a:two b:one');
    await call('PUT', `${prefix}a`, 'rubbish');
    const { problems, routes } = await following.until('b:one a:two!');
    assert.equal(problems[0]?.source, `consul:${prefix}a`);
    assert.ok((routes[0]?.createIndex ?? 0) > 0);
    await call('DELETE', `${prefix}a`);
    await following.until('b:one');
    await call('DELETE', `${prefix}?recurse`);
    await following.until('');
  });

  it('a Consul that lost them does not take the routes down; they go when the hold is over', async () => {
    await call('PUT', `${prefix}a`, document('a', 'one'));
    following = followKeys(1_500);
    await following.until('a:one');
    const lostAt = performance.now();
    await consul.restart({ wipe: true });
    await call('PUT', `${prefix}b`, document('b', 'one'));
    await following.until('a:one b:one');
    await following.until('b:one');
    assert.ok(performance.now() - lostAt > 1_000);
  });

  it('those that are held go at once where somebody lets go of them', async () => {
    await call('PUT', `${prefix}a`, document('a', 'one'));
    await call('PUT', `${prefix}b`, document('b', 'one'));
    following = followKeys();
    await following.until('a:one b:one');
    assert.equal(following.release(), 0);
    await consul.restart({ wipe: true });
    await call('PUT', `${prefix}a`, document('a', 'two'));
    await following.until('a:two b:one');
    assert.equal(following.release(), 1);
    await following.until('a:two');
    assert.equal(following.release(), 0);
  });

  it('and those of a folder are in force together', async () => {
    await call('DELETE', `${prefix}?recurse`);
    await call('PUT', `${prefix}b`, document('b', 'key'));
    await writeFile(join(folder, 'a.yaml'), document('a', 'file'));
    const client = createConsulClient({ address: consul.address });
    const both = follow({ path: folder, keys: { client, prefix, holdMs: 60_000 } });
    following = {
      ...both,
      stop: async () => {
        await both.stop();
        client.close();
      },
    };
    const first = await eventually(() => following.seen[0], { within: 10_000, hint: 'a shelf' });
    assert.equal(inForce(first), 'a:file b:key');
  });
});
