import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Quarantined } from '../../src/core/model/quarantine.ts';
import type { Snapshot } from '../../src/core/model/snapshot.ts';
import { applyChanges, changesOf, NO_SNAPSHOT } from '../../src/workers/snapshot-changes.ts';

/** Each letter is an entry of the list of quarantined ones; rules and services go the same way. */
const entries = new Map<string, Quarantined>();
const entry = (letter: string): Quarantined => {
  const known = entries.get(letter) ?? {
    ...{ kind: 'tag', owner: letter, service: letter, subject: 's', reason: 'r', since: 0 },
  };
  entries.set(letter, known);
  return known;
};
const snapshot = (letters: string, revision = 1): Snapshot => ({
  ...NO_SNAPSHOT,
  revision,
  quarantine: [...letters].map(entry),
  services: new Map(
    [...letters].map(name => [name, { name, instances: [], split: { source: 'instances', shares: [] } }]),
  ),
});

describe('what a worker is told of a snapshot', () => {
  const TABLE: readonly [string, string, string, unknown[]][] = [
    ['nothing', '', '', []],
    ['the first', '', 'abc', ['abc']],
    ['nothing new', 'abcd', 'abcd', [[0, 4]]],
    ['one in the middle', 'abcd', 'abXd', [[0, 2], 'X', [3, 1]]],
    ['one more', 'abcd', 'abcdX', [[0, 4], 'X']],
    [
      'one less',
      'abcd',
      'acd',
      [
        [0, 1],
        [2, 2],
      ],
    ],
    ['all gone', 'abcd', '', []],
    [
      'another order',
      'abcd',
      'cdab',
      [
        [2, 2],
        [0, 2],
      ],
    ],
  ];
  for (const [name, before, after, pieces] of TABLE) {
    it(`${name}: "${before}" to "${after}"`, () => {
      const [from, to] = [snapshot(before, 1), snapshot(after, 2)];
      const changes = structuredClone(changesOf(from, to));
      assert.deepEqual(
        changes.quarantine.map(piece =>
          'fresh' in piece ? piece.fresh.map(({ owner }) => owner).join('') : [piece.from, piece.count],
        ),
        pieces,
      );
      const applied = applyChanges(from, changes);
      assert.deepEqual(applied, to);
      for (const [at, kept] of applied.quarantine.entries()) {
        if (before.includes(kept.owner)) assert.equal(kept, to.quarantine[at], 'the very object');
      }
    });
  }
});
