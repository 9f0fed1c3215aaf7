import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Instance } from '../../src/core/model/instance.ts';
import { admitByWeights } from '../../src/weights/admission.ts';
import { catalogOf, instance } from '../core/build.ts';

const users = instance({ service: 'users' });
const orders = instance({ service: 'orders' });
const carts = instance({ service: 'carts' });

/** A store that answers when it is told to, and everything that was admitted. */
const scripted = () => {
  const calls: { readonly names: readonly string[]; answer: () => void }[] = [];
  let connect = (): void => {};
  const ready = new Promise<void>(resolve => {
    connect = resolve;
  });
  const follow = (names: readonly string[]): Promise<void> =>
    new Promise(answer => {
      calls.push({ names, answer });
    });
  const admitted: string[][] = [];
  const onCatalog = admitByWeights({ follow, ready }, catalog => admitted.push([...catalog.keys()].sort()));
  return { calls, admitted, onCatalog, connect: () => connect() };
};

/** Whatever was resolved has had its consequences. */
const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

/** A script whose first catalog, of these, is in. */
const admitting = async (...first: readonly Instance[]) => {
  const script = scripted();
  script.connect();
  script.onCatalog(catalogOf(...first));
  await settled();
  script.calls[0]?.answer();
  await settled();
  return script;
};

describe('the first catalog', () => {
  it('waits for the first contact with the store, and then for the weights', async () => {
    const { calls, admitted, onCatalog, connect } = scripted();
    onCatalog(catalogOf(orders));
    await settled();
    assert.deepEqual([calls.length, admitted], [0, []]);
    connect();
    await settled();
    assert.deepEqual([calls[0]?.names, admitted], [['orders'], []]);
    calls[0]?.answer();
    await settled();
    assert.deepEqual(admitted, [['orders']]);
  });

  it('is never partial, whatever came and went meanwhile', async () => {
    const { calls, admitted, onCatalog, connect } = scripted();
    connect();
    onCatalog(catalogOf(orders));
    onCatalog(catalogOf(users));
    await settled();
    calls[0]?.answer();
    await settled();
    assert.deepEqual(admitted, [['users']]);
  });

  it('may be empty', async () => {
    const { admitted } = await admitting();
    assert.deepEqual(admitted, [[]]);
  });
});

describe('later catalogs', () => {
  it('a new service waits, the others do not', async () => {
    const { calls, admitted, onCatalog } = await admitting(users);
    onCatalog(catalogOf(users, orders));
    await settled();
    assert.deepEqual(admitted.at(-1), ['users']);
    calls[1]?.answer();
    await settled();
    assert.deepEqual(admitted.at(-1), ['orders', 'users']);
  });

  it('a service that went and came back waits anew, also while others are waited for', async () => {
    const { calls, admitted, onCatalog } = await admitting(users, orders);
    onCatalog(catalogOf(users, carts));
    onCatalog(catalogOf(users, carts, orders));
    await settled();
    assert.deepEqual(admitted.at(-1), ['users']);
    for (const { answer } of calls) answer();
    await settled();
    assert.deepEqual(admitted.at(-1), ['carts', 'orders', 'users']);
  });

  it('what is gone when its weights come is not admitted', async () => {
    const { calls, admitted, onCatalog } = await admitting(users);
    onCatalog(catalogOf(users, orders));
    onCatalog(catalogOf(users));
    for (const { answer } of calls) answer();
    await settled();
    assert.deepEqual(admitted.at(-1), ['users']);
  });
});
