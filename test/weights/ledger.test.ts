import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEntry } from '../../src/weights/ledger.ts';

const fields = (changes: Record<string, string | undefined> = {}): string[] =>
  Object.entries({
    revision: '3',
    at: '1750000000000',
    actor: 'ann',
    reason: 'calmer',
    from: '{}',
    to: '{"v1":"95","v2":"5.0"}',
    source: 'cli',
    ...changes,
  }).flatMap(([name, value]) => (value === undefined ? [] : [name, value]));

test('an entry is read, with the weights as they were written', () => {
  assert.deepEqual(parseEntry(fields()), {
    revision: 3,
    at: 1_750_000_000_000,
    actor: 'ann',
    reason: 'calmer',
    source: 'cli',
    from: {},
    to: { v1: '95', v2: '5.0' },
  });
});

test('an entry without reason has none, and fields of a later release are passed over', () => {
  const entry = parseEntry(fields({ reason: '', until: '1750000600000' }));
  assert.ok(entry !== undefined && !('reason' in entry) && !('until' in entry));
});

const foreign: Record<string, string[]> = {
  nothing: [],
  'half a pair': ['revision'],
  'somebody else': ['hello', 'world'],
  'no revision': fields({ revision: undefined }),
  'revision 0': fields({ revision: '0' }),
  'a broken revision': fields({ revision: '1.5' }),
  'no time': fields({ at: '' }),
  'weights that are no JSON': fields({ to: '{' }),
  'weights that are a list': fields({ to: '[]' }),
  'weights that are null': fields({ from: 'null' }),
  'weights that are numbers': fields({ to: '{"v1":5}' }),
  'an unknown source': fields({ source: 'ghost' }),
};

for (const [name, entry] of Object.entries(foreign)) {
  test(`not an entry of ours: ${name}`, () => assert.equal(parseEntry(entry), undefined));
}
