import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Fleet } from '../../../src/core/balance/fleet.ts';
import { type Decision, decide, isRefusal } from '../../../src/core/decide/decide.ts';
import { compileRoutes } from '../../../src/core/match/match.ts';
import type { Instance } from '../../../src/core/model/instance.ts';
import type { ServiceWeights } from '../../../src/core/model/split.ts';
import { Where } from '../../../src/core/model/where.ts';
import { factsOf } from '../../support/facts.ts';
import { buildSnapshot, catalogOf, instance } from '../build.ts';

const table = (instances: Instance[], stored?: ServiceWeights) =>
  compileRoutes(
    buildSnapshot({
      catalog: catalogOf(...instances),
      weights: stored === undefined ? new Map() : new Map([['orders', stored]]),
      policy: 'passing-only',
      tagPrefix: '',
    }).rules,
  );

const facts = (path: string) => factsOf({ path });

const V1 = instance({ service: 'orders', tags: ['path=/orders', 'version=v1', 'strip=true'] });
const V2 = instance({ service: 'orders', tags: ['path=/orders', 'version=v2'] });

describe('decide', () => {
  it('tells the route, the version, the target and the path to send', () => {
    const outcome = decide(table([V1]), facts('/orders/7'), new Fleet(), 0, () => 0.5) as Decision;
    assert.deepEqual(
      [
        outcome.where.route,
        outcome.where.service,
        outcome.where.version,
        outcome.target.instance.id,
        outcome.path,
      ],
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
      const outcome = decide(routes, facts('/orders'), new Fleet(), 0, () => (i + 0.5) / 10_000);
      if (!isRefusal(outcome) && outcome.where.version === 'v2') seen += 1;
    }
    assert.equal(seen, 500);
  });

  it('refuses with the field’s words', () => {
    assert.deepEqual(decide(table([V1]), facts('/nobody'), new Fleet(), 0, Math.random), {
      code: 'no_route',
    });
    const off = table([V1], { weights: new Map([['v1', 0]]), revision: 1 });
    assert.deepEqual(decide(off, facts('/orders'), new Fleet(), 0, Math.random), {
      code: 'no_instance',
      where: new Where('/orders/*', 'orders', ''),
    });
  });
});
