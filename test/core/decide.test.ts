import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Loads, pickTarget } from '../../src/core/balance.ts';
import { type Decision, decide, isRefusal } from '../../src/core/decide.ts';
import { compileRoutes } from '../../src/core/match.ts';
import type { Instance, ServiceWeights } from '../../src/core/model.ts';
import { buildSnapshot, catalogOf, instance } from './build.ts';

const table = (instances: Instance[], stored?: ServiceWeights) =>
  compileRoutes(
    buildSnapshot({
      catalog: catalogOf(...instances),
      weights: stored === undefined ? new Map() : new Map([['orders', stored]]),
      policy: 'passing-only',
      tagPrefix: '',
    }).rules,
  );

const facts = (path: string) => ({ host: 'x.test', path });

const V1 = instance({ service: 'orders', tags: ['path=/orders', 'version=v1', 'strip=true'] });
const V2 = instance({ service: 'orders', tags: ['path=/orders', 'version=v2'] });

describe('decide', () => {
  it('tells the route, the version, the target and the path to send', () => {
    const outcome = decide(table([V1]), facts('/orders/7'), new Loads(), () => 0.5) as Decision;
    assert.deepEqual(
      [outcome.route, outcome.service, outcome.version, outcome.target.instance.id, outcome.path],
      ['/orders/*', 'orders', 'v1', V1.id, '/7'],
    );
  });

  it('follows the split over many requests', () => {
    const routes = table([V1, V2], {
      weights: new Map([
        ['v1', 95],
        ['v2', 5],
      ]),
      revision: 1,
    });
    let seen = 0;
    for (let i = 0; i < 10_000; i++) {
      const outcome = decide(routes, facts('/orders'), new Loads(), () => (i + 0.5) / 10_000);
      if (!isRefusal(outcome) && outcome.version === 'v2') seen += 1;
    }
    assert.equal(seen, 500);
  });

  it('refuses with the field’s words', () => {
    assert.deepEqual(decide(table([V1]), facts('/nobody'), new Loads(), Math.random), { code: 'no_route' });
    const off = table([V1], { weights: new Map([['v1', 0]]), revision: 1 });
    assert.deepEqual(decide(off, facts('/orders'), new Loads(), Math.random), {
      code: 'no_instance',
      route: '/orders/*',
      service: 'orders',
    });
  });
});

describe('pickTarget', () => {
  const a = { instance: instance({ service: 's', serviceId: 'a' }), version: 'v' };
  const b = { instance: instance({ service: 's', serviceId: 'b' }), version: 'v' };
  const draws =
    (...rolls: number[]) =>
    () =>
      rolls.shift() ?? 0;

  it('takes the less loaded of two', () => {
    const loads = new Loads();
    loads.start(a.instance.id);
    assert.equal(pickTarget([a, b], loads, draws(0.1, 0.9)), b);
    loads.end(a.instance.id);
    loads.start(b.instance.id);
    assert.equal(pickTarget([a, b], loads, draws(0.1, 0.9)), a);
  });
  it('draws by Consul’s weights', () => {
    const heavy = { ...b, instance: { ...b.instance, weight: 9 } };
    assert.equal(pickTarget([a, heavy], new Loads(), draws(0.05, 0.05)), a);
    assert.equal(pickTarget([a, heavy], new Loads(), draws(0.11, 0.11)), heavy);
  });
  it('has none of none', () => assert.equal(pickTarget([], new Loads(), Math.random), undefined));
});

it('Loads counts what is under way and never goes below zero', () => {
  const loads = new Loads();
  loads.end('x');
  loads.start('x');
  loads.start('x');
  loads.end('x');
  assert.equal(loads.pending('x'), 1);
  loads.end('x');
  assert.equal(loads.pending('x'), 0);
});
