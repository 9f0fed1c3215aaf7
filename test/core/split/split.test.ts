import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ServiceWeights, SplitSource } from '../../../src/core/model/split.ts';
import { chooseByShare, computeSplit, type LiveVersion } from '../../../src/core/split/split.ts';

const v = (version: string, instances = 1, tagWeight?: number): LiveVersion => ({
  version,
  instances,
  ...(tagWeight === undefined ? {} : { tagWeight }),
});
const hash = (weights: Record<string, number>): ServiceWeights => ({
  weights: new Map(Object.entries(weights)),
  revision: 1,
});

describe('computeSplit', () => {
  const table: [
    name: string,
    live: LiveVersion[],
    stored: ServiceWeights | undefined,
    source: SplitSource,
    shares: Record<string, number>,
  ][] = [
    [
      'no weights: an equal share an instance',
      [v('v1', 3), v('v2', 1)],
      undefined,
      'instances',
      { v1: 0.75, v2: 0.25 },
    ],
    ['a store that names none', [v('v1'), v('v2')], { revision: 4 }, 'instances', { v1: 0.5, v2: 0.5 }],
    ['tags: who has none counts 1', [v('v1', 5), v('v2', 1, 3)], undefined, 'tags', { v1: 0.25, v2: 0.75 }],
    [
      'the hash outranks tags',
      [v('v1', 1, 1), v('v2', 1, 9)],
      hash({ v1: 95, v2: 5 }),
      'weights',
      { v1: 0.95, v2: 0.05 },
    ],
    [
      'any sum is read as shares',
      [v('v1'), v('v2')],
      hash({ v1: 3, v2: 1 }),
      'weights',
      { v1: 0.75, v2: 0.25 },
    ],
    ['explicit 0 is exactly none', [v('v1'), v('v2')], hash({ v1: 100, v2: 0 }), 'weights', { v1: 1, v2: 0 }],
    ['not named: none once a hash exists', [v('v1'), v('v3')], hash({ v1: 1 }), 'weights', { v1: 1, v3: 0 }],
    [
      'a dead version gives its share away',
      [v('v2'), v('v3')],
      hash({ v1: 90, v2: 5, v3: 5 }),
      'weights',
      { v2: 0.5, v3: 0.5 },
    ],
    [
      'everyone named is dead: the unnamed serve',
      [v('v3', 2)],
      hash({ v1: 95, v2: 5 }),
      'unnamed',
      { v3: 1 },
    ],
    [
      '… but never one that is set to 0',
      [v('v2'), v('v3')],
      hash({ v1: 95, v2: 0 }),
      'unnamed',
      { v2: 0, v3: 1 },
    ],
    ['only a 0 lives: nobody serves', [v('v2')], hash({ v1: 95, v2: 0 }), 'weights', { v2: 0 }],
    ['all 0: the operator turned it off', [v('v1'), v('v3')], hash({ v1: 0 }), 'weights', { v1: 0, v3: 0 }],
    ['nobody lives', [], hash({ v1: 1 }), 'weights', {}],
    ['all tags 0', [v('v1', 1, 0)], undefined, 'tags', { v1: 0 }],
  ];
  for (const [name, live, stored, source, shares] of table) {
    it(name, () => {
      const split = computeSplit(live, stored);
      assert.equal(split.source, source);
      assert.deepEqual(Object.fromEntries(split.shares.map(s => [s.version, s.share])), shares);
    });
  }

  it('sums to 1 or to 0, and a 0 in the hash is 0 in the split', () => {
    const weight = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e9, noNaN: true }));
    const name = fc.constantFrom('a', 'b', 'c', 'd');
    fc.assert(
      fc.property(fc.uniqueArray(name), fc.dictionary(name, weight), (live, weights) => {
        const { shares } = computeSplit(
          live.map(version => v(version)),
          hash(weights),
        );
        const total = shares.reduce((sum, { share }) => sum + share, 0);
        assert.ok(total === 0 || Math.abs(total - 1) < 1e-9);
        for (const { version, share } of shares) if (weights[version] === 0) assert.equal(share, 0);
      }),
    );
  });
});

describe('chooseByShare', () => {
  const arms = [
    { version: 'zero', share: 0 },
    { version: 'a', share: 0.95 },
    { version: 'none', share: 0 },
    { version: 'b', share: 0.05 },
    { version: 'last', share: 0 },
  ];
  it('follows the shares', () => {
    assert.equal(chooseByShare(arms, 0)?.version, 'a');
    assert.equal(chooseByShare(arms, 0.9499)?.version, 'a');
    assert.equal(chooseByShare(arms, 0.951)?.version, 'b');
  });
  it('never falls on a share of 0, not even at the last hair below 1', () =>
    assert.equal(chooseByShare(arms, 1 - Number.EPSILON / 2)?.version, 'b'));
  it('gives none where every share is 0', () =>
    assert.equal(chooseByShare([{ version: 'x', share: 0 }], 0), undefined));
});
