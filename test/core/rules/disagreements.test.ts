import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Instance } from '../../../src/core/model/instance.ts';
import { buildSnapshot, catalogOf, instance } from '../build.ts';

let age = 0;
/** Each newer than the one before. */
const one = (...tags: string[]): Instance => instance({ service: 'o', tags, modifyIndex: age++ });

const problemsOf = (...instances: Instance[]): string[] =>
  buildSnapshot({
    catalog: catalogOf(...instances),
    weights: new Map(),
    policy: 'passing-only',
    tagPrefix: '',
  }).quarantine.map(({ kind, owner, subject }) => `${kind} ${owner}: ${subject}`);

describe('while a deploy rolls', () => {
  const table: [name: string, instances: Instance[], problems: string[]][] = [
    ['nobody disagrees', [one('path=/o', 'weight=1'), one('path=/o', 'weight=1')], []],
    [
      'two weights of one version',
      [one('path=/o', 'weight=1'), one('path=/o', 'weight=2')],
      ['weight of default'],
    ],
    [
      'two versions have weights of their own',
      [one('path=/o', 'version=v1', 'weight=1'), one('path=/o', 'version=v2', 'weight=2')],
      [],
    ],
    ['one names a weight, one does not', [one('path=/o'), one('path=/o', 'weight=2')], []],
    ['two timeouts', [one('path=/o', 'timeout=1s'), one('path=/o', 'timeout=2s', 'version=v2')], ['timeout']],
    ['two timeouts of two paths', [one('path=/a', 'timeout=1s'), one('path=/b', 'timeout=2s')], []],
    [
      'one version is sent two paths',
      [one('path=/o', 'strip=true'), one('path=/o')],
      ['path sent to default'],
    ],
    ['each version is sent its own path', [one('path=/o', 'strip=true'), one('path=/o', 'version=v2')], []],
    [
      'one that is not live says nothing',
      [one('path=/o', 'weight=1'), { ...one('path=/o', 'weight=2'), health: 'critical' }],
      [],
    ],
  ];
  for (const [name, instances, subjects] of table) {
    it(name, () =>
      assert.deepEqual(
        problemsOf(...instances),
        subjects.map(subject => `disagreement o: ${subject}`),
      ),
    );
  }

  it('says what counts', () => {
    const { quarantine } = buildSnapshot({
      catalog: catalogOf(
        one('path=/o', 'retries=1'),
        one('path=/o', 'retries=3'),
        one('path=/o', 'retries=2'),
      ),
      weights: new Map(),
      policy: 'passing-only',
      tagPrefix: '',
    });
    assert.deepEqual(
      quarantine.map(({ reason }) => reason),
      ['the newest instance says 2, which counts; others say 3, 1: give all of them the same tag'],
    );
  });
});
