import assert from 'node:assert/strict';
import { afterEach, describe, it, mock } from 'node:test';
import { noWeights, type WeightSource } from '../../sidecar/admin-weights.ts';
import {
  type CalledOptions,
  type CalledServices,
  createCalledServices,
  MOST_CALLED,
} from '../../sidecar/called.ts';
import { meshService } from '../../sidecar/mesh-rule.ts';
import { Fleet } from '../../src/core/balance/fleet.ts';
import { isRefusal } from '../../src/core/decide/decide.ts';
import type { Health, Instance } from '../../src/core/model/instance.ts';
import type { AllWeights } from '../../src/core/model/split.ts';
import { factsOf } from '../support/facts.ts';

const instance = (id: string, tags: string[], health: Health = 'passing'): Instance => ({
  id,
  service: 'users',
  serviceId: id,
  node: 'n',
  address: '127.0.0.1',
  port: 1,
  health,
  tags,
  weight: 1,
  createIndex: 1,
  modifyIndex: 1,
});

const V1 = instance('a', ['version=v1', 'path=/users', 'strip=true']);
const V2 = instance('b', ['version=v2']);

/** Consul's part, by hand: what the test answers is what is there. */
const scripted = (options: Partial<CalledOptions> = {}) => {
  const answers = new Map<string, (instances: readonly Instance[]) => void>();
  const ended: string[] = [];
  let time = 0;
  const called = createCalledServices({
    follow: (service, onInstances) => {
      answers.set(service, onInstances);
      return () => ended.push(service);
    },
    weights: noWeights,
    policy: 'passing-only',
    tagPrefix: '',
    fleet: new Fleet(),
    chance: () => 0,
    now: () => time,
    firstAnswerMs: 30,
    ...options,
  });
  open.push(called);
  return {
    called,
    ended,
    answer: (service: string, ...instances: Instance[]) => answers.get(service)?.(instances),
    followed: () => [...answers.keys()],
    pass: (ms: number) => {
      time += ms;
    },
  };
};
const open: CalledServices[] = [];

const outcome = async (called: CalledServices, service = 'users', path = '/users/1') => {
  await called.prepare(service);
  const decision = called.decide(service, factsOf({ host: `${service}.mesh`, path }));
  return isRefusal(decision) ? decision.code : `${decision.where.version} ${decision.path}`;
};

describe('a service that this process calls', () => {
  afterEach(() => {
    for (const called of open.splice(0)) called.close();
    mock.timers.reset();
  });

  it('is followed from the first call on, which waits for the first answer', async () => {
    const { called, answer, followed } = scripted();
    const first = outcome(called);
    const second = outcome(called);
    answer('users', V1);
    assert.deepEqual(await Promise.all([first, second]), ['v1 /users/1', 'v1 /users/1']);
    assert.deepEqual(followed(), ['users'], 'followed once');
  });

  it('gets the path as the caller wrote it, whatever the gateway strips', async () => {
    const { called, answer } = scripted();
    const call = outcome(called, 'users', '/users');
    answer('users', V1);
    assert.equal(await call, 'v1 /users');
  });

  it('is no_route when Consul knows of no instance, and served as soon as there is one', async () => {
    const { called, answer } = scripted();
    const call = outcome(called);
    answer('users');
    assert.equal(await call, 'no_route');
    answer('users', V2);
    assert.equal(await outcome(called), 'v2 /users/1');
  });

  it('is no_instance when none is live', async () => {
    const { called, answer } = scripted();
    const call = outcome(called);
    answer('users', { ...V1, health: 'critical' });
    assert.equal(await call, 'no_instance');
  });

  it('is never served by an instance whose tags cannot be trusted', async () => {
    const { called, answer } = scripted();
    const call = outcome(called);
    answer('users', instance('bad', ['version=v|1']));
    assert.equal(await call, 'no_instance');
  });

  it('is no_instance when Consul does not answer in time, and later calls do not wait again', async () => {
    const { called, answer } = scripted();
    assert.equal(await outcome(called), 'no_instance');
    assert.equal(called.prepare('users'), undefined);
    answer('users', V1);
    assert.equal(await outcome(called), 'v1 /users/1');
  });

  it('has the split of the weights, at the first call and after each change', async () => {
    let listener: (all: AllWeights) => void = () => {};
    let all: AllWeights = new Map();
    const split = (v1: number, v2: number): AllWeights =>
      new Map([['users', { revision: 1, weights: new Map(Object.entries({ v1, v2 })) }]]);
    const asked: string[][] = [];
    const weights: WeightSource = {
      follow: async services => {
        asked.push([...services]);
        all = split(0, 100);
      },
      onChange: heard => {
        listener = heard;
        return () => {};
      },
      current: () => all,
      close: async () => {},
    };
    const { called, answer } = scripted({ weights });
    const call = outcome(called);
    answer('users', V1, V2);
    assert.equal(await call, 'v2 /users/1');
    all = split(100, 0);
    listener(all);
    assert.equal(await outcome(called), 'v1 /users/1');
    void called.prepare('orders');
    assert.deepEqual(asked, [['users'], ['users', 'orders']], 'weights follow what is called');
  });

  it('is followed no more once nobody calls it', async () => {
    mock.timers.enable({ apis: ['setInterval'] });
    const { called, answer, ended, pass } = scripted();
    for (const service of ['users', 'orders']) {
      const call = called.prepare(service);
      answer(service, V1);
      await call;
    }
    pass(9 * 60_000);
    await called.prepare('orders');
    pass(2 * 60_000);
    mock.timers.tick(60_000);
    assert.deepEqual(ended, ['users']);
  });

  it('gives way to others when too many are called', async () => {
    const { called, ended, pass } = scripted({ firstAnswerMs: 0 });
    for (let n = 0; n <= MOST_CALLED; n++) {
      await called.prepare(`service-${n}`);
      pass(1);
    }
    assert.deepEqual(ended, ['service-0']);
  });
});

describe('the name of a service as a host', () => {
  const hosts: readonly [host: string, service: string | undefined][] = [
    ['users.mesh', 'users'],
    ['USERS.Mesh', 'users'],
    ['user-profiles.mesh', 'user-profiles'],
    ['eu.users.mesh', 'eu.users'],
    ['mesh', undefined],
    ['.mesh', undefined],
    ['users.mesh.example.com', undefined],
    ['users', undefined],
    ['us/ers.mesh', undefined],
  ];
  for (const [host, service] of hosts) {
    it(`${host} is ${service ?? 'none'}`, () => assert.equal(meshService(host), service));
  }
});
