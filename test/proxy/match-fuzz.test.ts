import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { it } from 'node:test';
import fc from 'fast-check';
import { compileRoutes, matchRoute } from '../../src/core/match/match.ts';
import type { Match } from '../../src/core/model/match.ts';
import type { Rule } from '../../src/core/model/rule.ts';
import { ruleId } from '../../src/core/model/rule-id.ts';
import { Connection } from '../../src/proxy/connection.ts';
import { Facts } from '../../src/proxy/facts.ts';
import { readTarget } from '../../src/proxy/target.ts';
import { matches } from '../core/match/match-arbitraries.ts';
import { naiveMatch } from '../core/match/naive-match.ts';
import { fuzz } from '../support/fuzz.ts';

const connection = new Connection(new Socket());
const { client } = connection;

/** The older is first where precedence leaves two equal: their order in the list. */
const rule = (match: Match, createIndex: number): Rule => ({
  id: ruleId(match),
  match,
  origin: { from: 'tags', service: 'any', createIndex },
  backends: [],
});

const parts = (...usual: string[]): fc.Arbitrary<string> =>
  fc
    .array(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...usual) }, fc.string({ maxLength: 3 })), {
      maxLength: 8,
    })
    .map(all => all.join(''));

const target = fc.record({
  host: fc.option(parts('a', 'b', 'c', '.', 'A', ':80', '[::1]', '..'), { nil: undefined }),
  url: fc.oneof(
    {
      weight: 5,
      arbitrary: parts('/', 'x', 'y', 'xy', 'x1', '%78', '%2e', '..', '//').map(path => `/${path}`),
    },
    parts('http://', 'a', 'b.c', '/', 'x', '?', '*', '#'),
  ),
  search: parts('?', 'n', 'm', '=', '&', '1', '12', '%31', '+', '%', '%zz'),
  method: fc.constantFrom('GET', 'POST', 'OPTIONS', 'get', ''),
});

const fields = fc.array(
  fc.tuple(
    fc.oneof(fc.constantFrom('n', 'N', 'm', 'M', 'cookie', 'x-forwarded-proto', ''), fc.string()),
    parts('1', '2', ',', ' ', 'é'),
  ),
  { maxLength: 12 },
);

it('whatever stands in a request line and its fields, the rule is the one of the naive matcher', t => {
  let requests = 0;
  fc.assert(
    fc.property(
      matches(10),
      fc.array(fc.tuple(target, fields), { minLength: 4, maxLength: 8 }),
      (all, asked) => {
        const table = compileRoutes(all.map(rule));
        for (const [{ host, url, search, method }, lines] of asked) {
          const read = readTarget(method, url + search, host);
          // `*` is about the proxy itself (RFC 9112, 3.2.4), and no rule is asked.
          if (read === undefined || read.path === '*') continue;
          const facts = new Facts({ client, target: read }, { method, rawHeaders: lines.flat() }, connection);
          assert.equal(matchRoute(table, facts)?.rule.match, naiveMatch(all, facts));
          requests += 1;
        }
      },
    ),
    fuzz(),
  );
  t.diagnostic(`${requests} requests`);
  assert.ok(requests > 100, `${requests} requests`);
});
