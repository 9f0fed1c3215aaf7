import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { compileRoutes, matchRoute } from '../../src/core/match/match.ts';
import type { Match } from '../../src/core/model/match.ts';
import type { Rule } from '../../src/core/model/rule.ts';
import { ruleId } from '../../src/core/model/rule-id.ts';
import type { RequestFacts } from '../../src/core/request-facts.ts';
import { MOST_EXPRESSIONS } from '../../src/core/rules/expression-limit.ts';
import { Connection } from '../../src/proxy/connection.ts';
import { Facts } from '../../src/proxy/facts.ts';
import { readTarget } from '../../src/proxy/target.ts';

const RULES = 10_000;
const TRIES = 60;
const MOST_MS = 2;

const count = <T>(length: number, make: (i: number) => T): T[] => Array.from({ length }, (_, i) => make(i));

const ruleOf = (match: Match): Rule => ({
  id: ruleId(match),
  match,
  origin: { from: 'tags', service: 'any', createIndex: 1 },
  backends: [],
});

/** The longest path that a gateway takes, and as many fields. */
const longPath = `/${'x'.repeat(8_100)}`;
const deepPath = '/x'.repeat(4_050);
const manyFields = count(100, i => [`X-Field-${String(i).padStart(3, '0')}`, 'v'.repeat(40)]).flat();
const request = { method: 'GET', rawHeaders: manyFields };
const connection = new Connection(new Socket());
const { client } = connection;

const fieldName = (i: number): string => `x-field-${String(i % 1_000).padStart(3, '0')}`;

interface Attack {
  readonly name: string;
  readonly rules: Match[];
  readonly url: string;
}

const ATTACKS: Attack[] = [
  {
    name: 'as many expressions as may be, each to the end of the path',
    rules: count(MOST_EXPRESSIONS, i => ({ kind: 'regex', path: `/(x|y{1,${i + 1}})*z` })),
    url: longPath,
  },
  {
    name: 'every rule at one path, each with another value',
    rules: count(RULES, i => ({
      kind: 'prefix',
      path: '/',
      headers: [{ name: 'x-field-050', kind: 'exact', value: `${'v'.repeat(39)}${i}` }],
    })),
    url: longPath,
  },
  {
    name: 'every rule at one path, each with another field',
    rules: count(RULES, i => ({
      kind: 'prefix',
      path: '/',
      headers: [{ name: fieldName(i), kind: 'exact', value: `${i}` }],
    })),
    url: longPath,
  },
  {
    name: 'parameters without end',
    rules: count(RULES, i => ({
      kind: 'prefix',
      path: '/',
      query: [{ name: `p${i}`, kind: 'exact', value: '-' }],
    })),
    url: `/?${count(1_300, i => `p${i}=%31`).join('&')}`,
  },
  {
    name: 'a prefix at every segment, none of which takes it',
    rules: count(4_000, i => ({ kind: 'prefix', path: '/x'.repeat(i + 1), method: 'POST' })),
    url: deepPath,
  },
  {
    name: 'a text at every character, none of which takes it',
    rules: count(4_000, i => ({ kind: 'text', path: longPath.slice(0, i + 2), method: 'POST' })),
    url: longPath,
  },
  {
    name: 'a host of as many labels as may be, each with rules',
    rules: count(126, i => ({ kind: 'prefix', path: '/', host: `*${'.a'.repeat(i + 1)}`, method: 'POST' })),
    url: longPath,
  },
  {
    name: 'every rule by number, at one path',
    rules: count(RULES, i => ({ kind: 'prefix', path: '/', priority: i, method: `M${i}` })),
    url: longPath,
  },
];

describe(`no request takes over ${MOST_MS} ms to match`, () => {
  for (const { name, rules, url } of ATTACKS) {
    it(name, t => {
      const table = compileRoutes(rules.map(ruleOf));
      const host = `${'a.'.repeat(126)}a`;
      const target = readTarget('GET', url, host);
      assert.ok(target !== undefined);
      const times: number[] = [];
      for (let i = 0; i < TRIES; i++) {
        // Nothing is kept of the request before.
        const path = Buffer.from(`${target.path.slice(0, -1)}${i % 10}`).toString('latin1');
        const facts: RequestFacts = new Facts({ client, target: { ...target, path } }, request, connection);
        const begun = performance.now();
        assert.equal(matchRoute(table, facts), undefined);
        times.push(performance.now() - begun);
      }
      // Of a machine that does other things as well the least says what the work costs.
      const least = Math.min(...times);
      t.diagnostic(`${least.toFixed(3)} ms`);
      assert.ok(least < MOST_MS, `${least} ms`);
    });
  }
});
