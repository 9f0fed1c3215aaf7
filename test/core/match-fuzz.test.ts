import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { compileRoutes, matchRoute } from '../../src/core/match.ts';
import type { Match, Rule } from '../../src/core/model.ts';
import type { RequestFacts } from '../../src/core/request-facts.ts';
import { ruleId } from '../../src/core/rule-id.ts';
import { factsOf } from '../support/facts.ts';
import { asked, matches } from './match-arbitraries.ts';
import { naiveMatch } from './naive-match.ts';

/** Of the long run (`npm run fuzz`); the suite makes a short one. */
const SECONDS = Number(process.env.FUZZ_SECONDS ?? 4);

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

it('the compiled table agrees with sorting all rules by precedence', t => {
  let tables = 0;
  let requests = 0;
  const several = fc.array(asked, { minLength: 4, maxLength: 8 });
  fc.assert(
    fc.property(matches(14), matches(3), several, (first, more, all) => {
      tables += 1;
      const before = first.map(rule);
      // Some go, some come, the rest stay what they are.
      const known = new Set(before.map(({ id }) => id));
      const after = [...before.slice(2), ...more.map(rule).filter(({ id }) => !known.has(id))];
      const table = compileRoutes(before);
      const next = compileRoutes(after, table);
      for (const each of all) {
        const facts = factsOf(each);
        assert.equal(matchRoute(table, facts)?.rule, naiveWinner(before, facts));
        assert.equal(matchRoute(next, facts)?.rule, naiveWinner(after, facts));
        requests += 2;
      }
    }),
    { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: SECONDS * 1_000 },
  );
  t.diagnostic(`${tables} pairs of tables, ${requests} requests`);
  assert.ok(tables > 50, `${tables} pairs of tables in ${SECONDS} s`);
});
