import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileFilters, type Mirror } from '../../../src/core/filters/compile.ts';
import { isCopied, pickMirror } from '../../../src/core/filters/mirror.ts';
import { Kept } from '../../../src/core/kept.ts';
import type { Sequences } from '../../../src/core/split/draw.ts';
import { Sequence } from '../../../src/core/split/sequence.ts';
import { instance } from '../build.ts';

const arm = (version: string, share: number) => ({
  version,
  share,
  targets: [{ instance: instance({ service: 'shadow' }), version }],
});

/** Of a rule that copies such a share of its requests to a service of two versions. */
const mirrorOf = (share: number): Mirror => {
  const [mirror] =
    compileFilters('/orders/*', { kind: 'prefix', path: '/orders' }, [
      {
        filters: [{ type: 'mirror', service: 'shadow', share }],
        mirrors: [
          {
            service: 'shadow',
            share,
            split: { source: 'tags', shares: [] },
            arms: [arm('a', 0.5), arm('b', 0.5)],
          },
        ],
      },
    ])?.mirrors ?? [];
  assert.ok(mirror !== undefined);
  return mirror;
};

/** A process: all of its sequences begin by this chance. */
const startedAt = (seed: number) => {
  const sequences: Sequences = new Kept(100);
  let last = seed;
  const chance = (): number => {
    last = (last * 997 + 0.1234567) % 1;
    return last;
  };
  return {
    chance,
    isCopied: (mirror: Mirror): boolean => isCopied(mirror, sequences, chance),
    versionOf: (mirror: Mirror): string => pickMirror(mirror.to, sequences, chance).where.version,
  };
};

const STARTS = Array.from({ length: 10 }, (_, i) => (i + 0.5) / 10);

/** Away from what two that have nothing to do with each other would have in common of so many, in standard deviations. */
const deviation = (both: number, of: number, share: number): number =>
  Math.abs(both - of * share) / Math.sqrt(of * share * (1 - share));

describe('copies of 100,000 requests', () => {
  for (const share of [0, 0.0005, 0.01, 0.1, 0.5, 1]) {
    it(`are ${share * 100} % of them at every moment, but for a few`, () => {
      for (const start of STARTS) {
        const { isCopied } = startedAt(start);
        const mirror = mirrorOf(share);
        let copies = 0;
        for (let i = 1; i <= 100_000; i++) {
          if (isCopied(mirror)) copies += 1;
          const off = Math.abs(copies - i * share);
          assert.ok(off <= (share % 1 === 0 ? 0 : 8), `${copies} of ${i}`);
        }
      }
    });
  }

  it('go on evenly although the rule is compiled anew again and again, at another share', () => {
    const { isCopied } = startedAt(0.4);
    let due = 0;
    let had = 0;
    for (let i = 0; i < 3_000; i++) {
      const share = (i % 10) / 20;
      const mirror = mirrorOf(share);
      due += 30 * share;
      for (let n = 0; n < 30; n++) had += Number(isCopied(mirror));
    }
    assert.ok(Math.abs(had - due) < 20, `${had} instead of ${due}`);
  });

  for (const [split, share] of [
    [0.01, 0.1],
    [0.05, 0.3],
    [0.1, 0.1],
    [0.5, 0.5],
  ] as const) {
    it(`${share * 100} % are as many of those that fall on a version with ${split * 100} %`, () => {
      for (const start of STARTS) {
        const { isCopied, chance } = startedAt(start);
        const mirror = mirrorOf(share);
        const serving = new Sequence(chance());
        let both = 0;
        for (let i = 0; i < 100_000; i++) {
          const isCanary = serving.next() >= 1 - split;
          if (isCopied(mirror) && isCanary) both += 1;
        }
        assert.ok(deviation(both, 100_000, split * share) < 4, `${both}`);
      }
    });
  }

  it('of all requests go to each version evenly, whichever version serves', () => {
    for (const start of STARTS) {
      const { isCopied, versionOf, chance } = startedAt(start);
      const mirror = mirrorOf(1);
      const serving = new Sequence(chance());
      let copies = 0;
      let both = 0;
      for (let i = 1; i <= 100_000; i++) {
        const isCanary = serving.next() < 0.5;
        assert.ok(isCopied(mirror));
        if (versionOf(mirror) !== 'b') continue;
        copies += 1;
        if (isCanary) both += 1;
        assert.ok(Math.abs(copies - i / 2) <= 8, `${copies} of ${i}`);
      }
      assert.ok(deviation(both, 100_000, 0.25) < 4, `${both}`);
    }
  });
});

it('without sequences a copy is by chance', () => {
  const mirror = mirrorOf(0.3);
  assert.deepEqual(
    [0.29, 0.3].map(drawn => isCopied(mirror, undefined, () => drawn)),
    [true, false],
  );
});
