import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Instance } from '../../src/core/model/instance.ts';
import type { Snapshot } from '../../src/core/model/snapshot.ts';
import type { ServiceWeights } from '../../src/core/model/split.ts';
import { sinceOf } from '../../src/core/rules/quarantine.ts';
import { decodeState, encodeState, StateError } from '../../src/state/format.ts';
import { instance } from '../core/build.ts';
import { ORIGIN, snapshotOf } from './build.ts';

const encoded = (snapshot: Snapshot, origin = ORIGIN): Buffer =>
  Buffer.from([...encodeState(snapshot, origin)].join(''));

/** Any text that can come from outside: line breaks, quotes, halves of characters. */
const text = fc.string({ unit: 'binary', maxLength: 12 });
const count = fc.nat();
const number = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map(Math.abs);

const anInstance = (service: string): fc.Arbitrary<Instance> =>
  fc.record(
    {
      id: text,
      service: fc.constant(service),
      serviceId: text,
      node: text,
      address: text,
      port: count,
      health: fc.constantFrom('passing', 'warning', 'critical', 'maintenance'),
      tags: fc.array(text, { maxLength: 4 }),
      weight: number,
      createIndex: count,
      modifyIndex: count,
      heldUntil: count,
    },
    { noNullPrototype: true, requiredKeys: REQUIRED },
  ) as fc.Arbitrary<Instance>;

const REQUIRED = [
  ...(['id', 'service', 'serviceId', 'node', 'address', 'port'] as const),
  ...(['health', 'tags', 'weight', 'createIndex', 'modifyIndex'] as const),
];

const OWN = { noNullPrototype: true } as const;

const someWeights = fc.record(
  {
    ...{
      weights: fc.array(fc.tuple(text, number)).map(list => new Map(list)),
      revision: count,
      problem: text,
    },
    reverts: fc.record({ at: count, to: fc.dictionary(text, text, { noNullPrototype: true }) }, OWN),
    frozen: fc.record({ by: text, reason: text, since: count }, { ...OWN, requiredKeys: ['by', 'since'] }),
  },
  { noNullPrototype: true, requiredKeys: ['revision'] },
) as fc.Arbitrary<ServiceWeights>;

const aService = text.chain(name =>
  fc.tuple(
    fc.constant(name),
    fc.array(anInstance(name), { maxLength: 4 }),
    fc.option(someWeights, { nil: undefined }),
    fc.array(text, { maxLength: 3 }),
  ),
);

/** What the format is about; rules only as far as it tells who holds them. */
const snapshotFrom = (services: readonly (typeof aService extends fc.Arbitrary<infer T> ? T : never)[]) => {
  const split = { source: 'instances', shares: [] } as const;
  const match = { kind: 'exact', path: '/' } as const;
  const byName = new Map(services.map(each => [each[0], each]));
  return {
    catalog: new Map([...byName].map(([name, [, instances]]) => [name, instances])),
    weights: new Map(
      [...byName].flatMap(([name, [, , weights]]) =>
        weights === undefined ? [] : [[name, weights] as const],
      ),
    ),
    since: new Map<string, number>(),
    owners: new Map([...byName].flatMap(([name, [, , , ids]]) => ids.map(id => [id, name] as const))),
    snapshot: {
      revision: 1,
      quarantine: [],
      services: new Map(
        [...byName].map(([name, [, instances, weights]]) => [
          name,
          { name, instances, split, ...(weights === undefined ? {} : { weights }) },
        ]),
      ),
      rules: [...byName].flatMap(([service, [, , , ids]]) =>
        ids.map(id => ({ id, match, origin: { from: 'tags', service, createIndex: 1 }, backends: [] })),
      ),
    } satisfies Snapshot,
  };
};

describe('what is encoded', () => {
  it('comes back as it was, whatever the texts in it are', () => {
    fc.assert(
      fc.property(fc.array(aService, { maxLength: 5 }), text, (services, origin) => {
        const { snapshot, ...inputs } = snapshotFrom(services);
        assert.deepEqual(decodeState(encoded(snapshot, origin)), { origin, ...inputs });
      }),
    );
  });

  it('says since when problems last, of very many the oldest', () => {
    const conflict = { kind: 'conflict', reason: 'held by another' } as const;
    const quarantine = Array.from({ length: 2_000 }, (_, i) => ({
      ...{ ...conflict, owner: `service-${i}`, subject: '/contested/*'.padEnd(100, 'x'), since: 5_000 - i },
    }));
    const few = { ...snapshotOf([]), quarantine: quarantine.slice(0, 3) };
    assert.deepEqual(decodeState(encoded(few)).since, sinceOf(few.quarantine));
    const file = encoded({ ...snapshotOf([]), quarantine });
    assert.ok(file.length < 100_000, `${file.length} bytes`);
    const kept = [...decodeState(file).since.values()];
    assert.ok(kept.length > 400 && kept.length < 2_000, `${kept.length} are kept`);
    assert.deepEqual(
      kept,
      kept.map((_, i) => 3_001 + i),
    );
  });

  it('comes back without its end, or with any byte changed, as a refusal', () => {
    const whole = encoded(snapshotOf([instance({ service: 'orders', tags: ['path=/orders'] })]));
    for (let length = 0; length < whole.length - 1; length++) {
      assert.throws(() => decodeState(whole.subarray(0, length)), StateError, `${length} bytes`);
    }
    for (let at = 0; at < whole.length - 1; at++) {
      const altered = Buffer.from(whole);
      altered[at] = (altered[at] ?? 0) ^ 1;
      assert.throws(() => decodeState(altered), StateError, `byte ${at}`);
    }
  });

  it('comes in chunks, however large it is', () => {
    const instances = Array.from({ length: 2_000 }, (_, i) => instance({ service: `service-${i % 200}` }));
    const chunks = [...encodeState(snapshotOf(instances), ORIGIN)];
    assert.ok(chunks.length > 5, `${chunks.length} chunks`);
    assert.ok(Math.max(...chunks.map(chunk => chunk.length)) < 80_000);
    assert.equal(decodeState(Buffer.from(chunks.join(''))).catalog.size, 200);
  });
});

describe('what is refused, and why', () => {
  const sealed = (...lines: readonly object[]): Buffer => {
    const body = lines.map(line => `${JSON.stringify(line)}\n`).join('');
    const sha256 = createHash('sha256').update(body).digest('hex');
    return Buffer.from(`${body}${JSON.stringify({ sha256 })}\n`);
  };
  const head = { format: 'sluice-state', version: 1, origin: ORIGIN };
  it('but not a file of before problems were in it', () => {
    assert.deepEqual(decodeState(sealed(head)).since, new Map());
  });
  const table: [name: string, file: Buffer, reason: RegExp][] = [
    ['an empty file', Buffer.alloc(0), /no state of Sluice/],
    ['zeros, as after a crash of the machine', Buffer.alloc(4_096), /no state of Sluice/],
    ["somebody else's file", Buffer.from('[Unit]\nDescription=x\n'), /no state of Sluice/],
    ['a newer format', sealed({ ...head, version: 2 }), /format is version 2, this Sluice reads 1/],
    ['no origin', sealed({ format: 'sluice-state', version: 1 }), /first line/],
    [
      'a service of another shape',
      sealed(head, { service: 'orders', instances: [{}], holds: [] }),
      /a service/,
    ],
    ['a head alone', Buffer.from(`${JSON.stringify(head)}\n`), /cut short/],
  ];
  for (const [name, file, reason] of table) {
    it(name, () => assert.throws(() => decodeState(file), reason));
  }
});
