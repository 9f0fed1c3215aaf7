import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Match } from '../../../src/core/model/match.ts';
import type { Rule } from '../../../src/core/model/rule.ts';
import { ruleId } from '../../../src/core/model/rule-id.ts';
import { limitExpressions, MOST_EXPRESSIONS } from '../../../src/core/rules/expression-limit.ts';

const regex = (i: number, host?: string): Match => ({
  kind: 'regex',
  path: `/${i}/.*`,
  ...(host === undefined ? {} : { host }),
});

/** The first is the oldest. */
const rules = (...matches: Match[]): Rule[] =>
  matches.map((match, createIndex) => ({
    id: ruleId(match),
    match,
    origin: { from: 'tags', service: `s${createIndex}`, createIndex },
    backends: [],
  }));

const many = (host?: string): Match[] => Array.from({ length: MOST_EXPRESSIONS }, (_, i) => regex(i, host));
const hosts = (count: number): Match[] =>
  Array.from({ length: count }, (_, i) => ({ kind: 'prefix', path: '/', hostRegex: `${i}` }));
const refused = (...matches: Match[]): string[] =>
  limitExpressions(rules(...matches)).problems.map(({ subject }) => subject);

describe('how many expressions a request may have to be compared with', () => {
  const table: [name: string, matches: Match[], refused: string[]][] = [
    ['as many as may be', many(), []],
    ['one more', [...many(), regex(99)], ['~/99/.*']],
    ['one more of another host', [...many('a.test'), regex(99, 'b.test')], []],
    ['one more for any host', [...many('a.test'), regex(99)], ['~/99/.*']],
    ['one more for all below', [...many('a.b.test'), regex(99, '*.test')], ['*.test~/99/.*']],
    ['one more below', [...many('*.test'), regex(99, 'a.b.test')], ['a.b.test~/99/.*']],
    ['a neighbour of all below', [...many('*.a.test'), regex(99, 'a.test')], []],
    ['one that is asked already', [...many(), regex(1, 'a.test')], []],
    ['of hosts, which are short', [...many().slice(1), ...hosts(32)], []],
    ['one more of hosts', [...many().slice(1), ...hosts(33)], ['/* :host~32']],
    ['a plain rule', [...many(), { kind: 'prefix', path: '/' }], []],
    [
      'one of a header',
      [...many(), { kind: 'prefix', path: '/', headers: [{ name: 'x', kind: 'regex', value: '.' }] }],
      ['/* x~.'],
    ],
    [
      'one of what is excluded',
      [...many(), { kind: 'prefix', path: '/', unless: [regex(99)] }],
      ['/* !"~/99/.*"'],
    ],
  ];
  for (const [name, matches, expected] of table)
    it(name, () => assert.deepEqual(refused(...matches), expected));

  it('all others stay, and whose it is is told', () => {
    const all = rules(...many(), regex(99));
    const { rules: kept, problems } = limitExpressions(all);
    assert.deepEqual(kept, all.slice(0, -1));
    assert.deepEqual([problems[0]?.kind, problems[0]?.owner], ['limit', `s${MOST_EXPRESSIONS}`]);
  });
});
