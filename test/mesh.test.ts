import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Catalog } from '../src/core/model/instance.ts';
import { sinceOf } from '../src/core/rules/quarantine.ts';
import { Mesh, type View } from '../src/mesh.ts';
import { catalogOf, instance, serviceOf } from './core/build.ts';

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
