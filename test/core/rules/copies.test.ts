import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Backend, Rule } from '../../../src/core/model/rule.ts';
import { createCopier } from '../../../src/core/rules/copies.ts';

const arm = (version: string, share: number) => ({ version, share, targets: [] });
const backend = (service: string): Backend => ({
  service,
  share: 1,
  split: { source: 'weights', shares: [] },
  arms: [arm('v1', 1), arm('v2', 0)],
});
const rule = (service: string): Rule => ({
  id: `/${service}/*`,
  match: { kind: 'prefix', path: `/${service}` } as Rule['match'],
  origin: { from: 'tags', service, createIndex: 1 },
  backends: [backend(service)],
});

const orders = rule('orders');
const cart = rule('cart');
const copies = new Map([['orders', { version: 'v2', share: 0.1 }]]);

it('a rule of the service has a mirror filter more, and its version alone gets the copies', () => {
  const [copied, other] = createCopier()([orders, cart], copies);
  assert.equal(other, cart);
  const [changed] = copied?.backends ?? [];
  assert.deepEqual(changed?.filters, [{ type: 'mirror', service: 'orders', version: 'v2', share: 0.1 }]);
  assert.deepEqual(
    changed?.mirrors?.map(({ service, version, arms }) => [service, version, arms]),
    [['orders', 'v2', [arm('v2', 1)]]],
  );
  assert.deepEqual(changed?.arms, orders.backends[0]?.arms, 'who answers is the same');
});

it('what did not change stays the same object, and without copies all does', () => {
  const add = createCopier();
  const rules = [orders, cart];
  assert.equal(add(rules, copies)[0], add(rules, copies)[0]);
  assert.equal(add(rules, new Map()), rules);
});

it('a version that does not live gets none', () => {
  const [same] = createCopier()([orders], new Map([['orders', { version: 'v9', share: 1 }]]));
  assert.deepEqual(same, orders);
});
