import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { explainMatch } from '../../../src/core/match/explain-match.ts';
import { compileRoutes, matchRoute, type RouteTable } from '../../../src/core/match/match.ts';
import type { Match } from '../../../src/core/model/match.ts';
import type { Rule } from '../../../src/core/model/rule.ts';
import { ruleId } from '../../../src/core/model/rule-id.ts';
import type { RequestFacts } from '../../../src/core/request-facts.ts';
import { factsOf } from '../../support/facts.ts';
import { fuzz } from '../../support/fuzz.ts';
import { asked, matches, numberedMatches } from './match-arbitraries.ts';
import { naiveMatch } from './naive-match.ts';

const rule = (match: Match, createIndex: number): Rule => ({
  id: ruleId(match),
  match,
  origin: { from: 'tags', service: 'any', createIndex },
  backends: [],
});

/** Among those that precedence leaves equal the older is first. */
const ageOf = ({ origin }: Rule): number => (origin.from === 'tags' ? origin.createIndex : 0);

const naiveWinner = (rules: readonly Rule[], facts: RequestFacts): Rule | undefined => {
  const byAge = [...rules].sort((a, b) => ageOf(a) - ageOf(b) || (a.id < b.id ? -1 : 1));
  const winner = naiveMatch(
    byAge.map(({ match }) => match),
    facts,
  );
  return rules.find(({ match }) => match === winner);
};

/** In one place of a list some rules go, or move to its end, and others come; the rest stay the very same. */
interface Edit {
  readonly at: number;
  readonly gone: number;
  readonly come: readonly Match[];
  readonly moves: boolean;
}

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat(16),
  gone: fc.nat(4),
  come: matches(3),
  moves: fc.boolean(),
});

const edited = (rules: readonly Rule[], { at, gone, come, moves }: Edit): Rule[] => {
  const [start, taken, end] = [rules.slice(0, at), rules.slice(at, at + gone), rules.slice(at + gone)];
  const left = new Set([...start, ...end, ...(moves ? taken : [])].map(({ id }) => id));
  const coming = come.map(rule).filter(({ id }) => !left.has(id));
  return [...start, ...coming, ...end, ...(moves ? taken : [])];
};

/** All rules whose host and path fit, in the order in which they are asked. */
const asking = (table: RouteTable, facts: RequestFacts): Rule[] =>
  explainMatch(table, facts).candidates.map(({ route }) => route.rule);

it('the compiled table agrees with sorting all rules by precedence, after any series of changes', t => {
  let tables = 0;
  let requests = 0;
  const several = fc.array(asked, { minLength: 4, maxLength: 8 });
  const some = fc.oneof({ weight: 3, arbitrary: matches(14) }, numberedMatches(14));
  fc.assert(
    fc.property(some, fc.array(edit, { maxLength: 4 }), several, (first, edits, all) => {
      let rules = first.map(rule);
      let table = compileRoutes(rules);
      const check = (): void => {
        tables += 1;
        const anew = compileRoutes(rules);
        for (const each of all) {
          const facts = factsOf(each);
          assert.equal(matchRoute(table, facts)?.rule, naiveWinner(rules, facts));
          assert.deepEqual(asking(table, facts), asking(anew, facts));
          requests += 1;
        }
      };
      check();
      for (const each of edits) {
        rules = edited(rules, each);
        table = compileRoutes(rules, table);
        check();
      }
    }),
    fuzz(4),
  );
  t.diagnostic(`${tables} tables, ${requests} requests`);
  assert.ok(tables > 100, `${tables} tables`);
});
