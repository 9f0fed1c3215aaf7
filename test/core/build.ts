import type { Catalog, Instance } from '../../src/core/model/instance.ts';
import type { DocumentOrigin } from '../../src/core/model/origin.ts';
import type { Arm, Rule } from '../../src/core/model/rule.ts';
import type { Snapshot } from '../../src/core/model/snapshot.ts';
import type { ReadOptions } from '../../src/core/rules/claims.ts';
import type { DocumentBackend, DocumentRule } from '../../src/core/rules/document-rule.ts';
import { createSnapshotBuilder, type SnapshotInput } from '../../src/core/rules/snapshot.ts';

let index = 1;

/** An instance for tests: what matters is said, the rest is sound. */
export const instance = (of: Partial<Instance> & { service: string }): Instance => {
  const serviceId = of.serviceId ?? `${of.service}-${index}`;
  const address = of.address ?? '10.0.0.1';
  const port = of.port ?? 3000 + index;
  index += 1;
  return {
    id: `node/${serviceId}@${address}:${port}`,
    serviceId,
    node: 'node',
    address,
    port,
    health: 'passing',
    tags: [],
    weight: 1,
    createIndex: index,
    modifyIndex: index,
    ...of,
  };
};

export const catalogOf = (...instances: readonly Instance[]): Catalog => {
  const catalog = new Map<string, Instance[]>();
  for (const each of instances) catalog.set(each.service, [...(catalog.get(each.service) ?? []), each]);
  return catalog;
};

/** One snapshot, read from scratch. */
export const buildSnapshot = (given: Omit<SnapshotInput, 'now'> & { now?: number } & ReadOptions): Snapshot =>
  createSnapshotBuilder(given)({ now: 0, ...given });

/** A document's rule for one path and all below it. */
export const documentRule = (
  path: string,
  backends: readonly DocumentBackend[],
  origin: Partial<DocumentOrigin> = {},
): DocumentRule => ({
  origin: { from: 'document', name: 'default/shop', index: 0, place: 'shop.yaml:1', ...origin },
  match: { kind: 'prefix', path },
  backends,
});

/** The service that a rule of tags sends its requests to. */
export const serviceOf = (rule: Rule | undefined): string | undefined => rule?.backends[0]?.service;

/** Of a rule of tags. */
export const armsOf = (rule: Rule | undefined): readonly Arm[] | undefined => rule?.backends[0]?.arms;

export const emptySnapshot = (): Snapshot =>
  buildSnapshot({ catalog: new Map(), weights: new Map(), policy: 'passing-only', tagPrefix: '' });
