import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Catalog } from '../src/core/model/instance.ts';
import { sinceOf } from '../src/core/rules/quarantine.ts';
import { Mesh, type View } from '../src/mesh.ts';
import { createPace } from '../src/telemetry/pace.ts';
import { catalogOf, documentRule, instance, serviceOf } from './core/build.ts';

const orders = instance({ service: 'orders', tags: ['path=/orders'] });

it('has no snapshot before both catalog and weights were seen', () => {
  const mesh = new Mesh({ policy: 'passing-only', tagPrefix: '' });
  mesh.update({ catalog: catalogOf(orders) });
  const early = mesh.view;
  assert.equal(early, undefined);
  mesh.update({ weights: new Map() });
  assert.equal(mesh.view?.snapshot.rules.length, 1);
});

it('an empty catalog is a snapshot too', () => {
  const mesh = new Mesh({ policy: 'passing-only', tagPrefix: '' });
  mesh.update({ catalog: new Map(), weights: new Map() });
  assert.equal(mesh.view?.snapshot.revision, 1);
});

it('an update that changes nothing swaps nothing', () => {
  const swaps: View[] = [];
  const mesh = new Mesh({ policy: 'passing-only', tagPrefix: '', onSwap: view => swaps.push(view) });
  mesh.update({ catalog: catalogOf(orders), weights: new Map() });
  mesh.update({ catalog: catalogOf({ ...orders }) });
  mesh.update({ weights: new Map() });
  assert.equal(swaps.length, 1);
  mesh.update({ catalog: catalogOf({ ...orders, health: 'critical' }) });
  assert.deepEqual(
    swaps.map(view => view.snapshot.revision),
    [1, 2],
  );
});

it('a snapshot is structured-cloneable', () => {
  const mesh = new Mesh({ policy: 'passing-only', tagPrefix: '' });
  mesh.update({ catalog: catalogOf(orders), weights: new Map() });
  assert.deepEqual(structuredClone(mesh.view?.snapshot), mesh.view?.snapshot);
});

it('who held a match before the process began, holds it on while it lives', () => {
  const older = instance({ service: 'older', tags: ['path=/contested'] });
  const newer = instance({ service: 'newer', tags: ['path=/contested'] });
  const owners = new Map([['/contested/*', 'newer']]);
  const ownerOf = (catalog: Catalog, known: boolean): string | undefined => {
    const mesh = new Mesh({ policy: 'passing-only', tagPrefix: '', ...(known ? { owners } : {}) });
    mesh.update({ catalog, weights: new Map() });
    return serviceOf(mesh.view?.snapshot.rules[0]);
  };
  assert.equal(ownerOf(catalogOf(older, newer), false), 'older');
  assert.equal(ownerOf(catalogOf(older, newer), true), 'newer');
  assert.equal(ownerOf(catalogOf(older, { ...newer, health: 'critical' }), true), 'older');
});

it('a problem that lasted before the process began, lasts since then', () => {
  const catalog = catalogOf(
    instance({ service: 'older', tags: ['path=/contested'] }),
    instance({ service: 'newer', tags: ['path=/contested'] }),
  );
  const live = { policy: 'passing-only', tagPrefix: '' } as const;
  let now = 1_000;
  const before = new Mesh({ ...live, now: () => now });
  before.update({ catalog, weights: new Map() });
  now = 9_000;
  const after = new Mesh({ ...live, now: () => now, since: sinceOf(before.view?.snapshot.quarantine ?? []) });
  const bad = instance({ service: 'bad', tags: ['path=no'] });
  after.update({ catalog: new Map([...catalog, ['bad', [bad]]]), weights: new Map() });
  assert.deepEqual(after.view?.snapshot.quarantine.map(({ owner, since }) => [owner, since]).sort(), [
    ['bad', 9_000],
    ['newer', 1_000],
  ]);
});

describe('many documents at once', () => {
  const rules = Array.from({ length: 40 }, (_, i) =>
    documentRule(`/r${i}`, [{ service: 'orders', weight: 1 }]),
  );
  const documents = { rules, problems: [] };
  const begun = (): Mesh => {
    const mesh = new Mesh({ policy: 'passing-only', tagPrefix: '', hasDocuments: true });
    mesh.update({ catalog: catalogOf(orders), weights: new Map(), documents: { rules: [], problems: [] } });
    return mesh;
  };
  /** A clock on which each look takes a millisecond, so that a slice of four is as many rules. */
  const slowPace = () => {
    let now = 0;
    return createPace(() => now++);
  };
  const live = (mesh: Mesh): unknown[] =>
    mesh.view?.snapshot.rules.map(({ id, backends }) => [id, backends[0]?.arms[0]?.targets.length]) ?? [];

  it('are prepared in slices, between which others have their turn, and nothing is in force before the update', async () => {
    const mesh = begun();
    let turns = 0;
    let isPrepared = false;
    const preparing = mesh.prepare(documents, slowPace()).then(() => {
      isPrepared = true;
    });
    for (; !isPrepared; turns += 1) {
      assert.equal(mesh.view?.snapshot.revision, 1);
      await nextTurn();
    }
    await preparing;
    assert.ok(turns >= 10, `${turns} turns`);
    mesh.update({ documents });
    assert.equal(mesh.view?.snapshot.rules.length, 41);
  });

  it('become the same rules as without, also where the catalog changes meanwhile', async () => {
    const second = instance({ service: 'orders', id: 'second', tags: ['path=/orders'], port: 2 });
    const [prepared, plain] = [begun(), begun()];
    const preparing = prepared.prepare(documents, slowPace());
    await nextTurn();
    prepared.update({ catalog: catalogOf(orders, second) });
    await preparing;
    prepared.update({ documents });
    plain.update({ catalog: catalogOf(orders, second), documents });
    assert.deepEqual(live(prepared), live(plain));
    assert.deepEqual(live(prepared).at(-1), ['/r39/*', 2]);
  });

  it('are not prepared before anybody is served', async () => {
    const mesh = new Mesh({ policy: 'passing-only', tagPrefix: '', hasDocuments: true });
    await mesh.prepare(documents, () => assert.fail('there is nobody to whom to leave a turn'));
  });
});
