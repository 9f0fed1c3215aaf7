import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

const HERE = new URL('.', import.meta.url);
const page = readFileSync(new URL('../../docs/httproute.md', HERE), 'utf8');

interface TableRow {
  readonly test: string;
  readonly state: string;
  /** The file that the table names; empty for none. */
  readonly file: string;
}

const rows: readonly TableRow[] = [
  ...page.matchAll(/^\| `(HTTPRoute\w+)` \|[^|]*\| ([^|]+) \|[^|]*\|(?: \[[\w-]+\]\((.+)\))? \|$/gm),
].map(([, test = '', state = '', file = '']) => ({ test, state, file }));

/** The suites and tests of a file that go by the name of one of the Gateway API's. */
const testsOf = (file: string): readonly string[] =>
  [
    ...readFileSync(new URL(file, HERE), 'utf8').matchAll(
      /\b(?:describe|it)\('(HTTPRoute\w+)'|^ {2}(HTTPRoute\w+): \[$/gm,
    ),
  ].map(([, named, ofTable]) => named ?? ofTable ?? '');

const run = new Map(
  readdirSync(HERE)
    .filter(file => file.endsWith('.test.ts'))
    .flatMap(file => testsOf(file).map(test => [test, `../test/conformance/${file}`] as const)),
);

describe('the table of the conformance suite in docs/httproute.md', () => {
  it('has every test of the suite', () => assert.equal(new Set(rows.map(({ test }) => test)).size, 58));

  for (const { test, state, file } of rows) {
    it(`${test}: ${state}`, () => {
      assert.ok(['supported', 'not applicable'].includes(state));
      assert.equal(run.get(test) ?? '', file, 'the file that it names, if any, is the one that runs it');
      assert.equal(state === 'supported', file !== '', 'what is supported, and nothing else, is run');
    });
  }

  it('and no test goes by a name that the suite has not', () => {
    const known = new Set(rows.map(({ test }) => test));
    assert.deepEqual(
      [...run.keys()].filter(test => !known.has(test)),
      [],
    );
  });
});
