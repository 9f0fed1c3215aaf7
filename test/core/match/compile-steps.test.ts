import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Compiled, compileInSteps } from '../../../src/core/match/compile-steps.ts';
import { compileRoutes, matchRoute, type RouteTable } from '../../../src/core/match/match.ts';
import type { Rule } from '../../../src/core/model/rule.ts';
import { factsOf } from '../../support/facts.ts';

const rules = (count: number): Rule[] =>
  Array.from({ length: count }, (_, i) => ({
    id: `/r${i}/*`,
    match: { kind: 'prefix', path: `/r${i}` },
    origin: { from: 'tags', service: 'any', createIndex: 1 },
    backends: [],
  }));

const run = (wanted: readonly Rule[], before?: Compiled): { steps: number; table: RouteTable } => {
  const work = compileInSteps(wanted, before);
  for (let steps = 1; ; steps += 1) {
    const { done, value } = work.next();
    if (done) return { steps, table: value };
  }
};

const compiled = (of: readonly Rule[]): Compiled => ({ rules: of, table: compileRoutes(of) });

const routeOf = (table: RouteTable, { match: { path } }: Rule) => matchRoute(table, factsOf({ path }));

it('many new rules take several steps, and all are there in the end', () => {
  const all = rules(1_000);
  const before = compiled(all.slice(0, 300));
  const { steps, table } = run(all, before);
  assert.equal(steps, 5, 'the work so far, and four tables');
  for (const rule of all) assert.equal(routeOf(table, rule)?.rule, rule);
  for (const rule of before.rules) assert.equal(routeOf(table, rule), routeOf(before.table, rule));
});

it('few new rules take one', () => {
  const all = rules(1_000);
  assert.equal(run(all, compiled(all.slice(0, 900))).steps, 1);
});

it('the first table takes one: nobody is served before it', () => {
  assert.equal(run(rules(1_000)).steps, 1);
});

it('rules that go are gone, and many of them wait for their turn', () => {
  const all = rules(600);
  assert.equal(run(all.slice(0, 500), compiled(all)).steps, 1);
  assert.equal(run(all.slice(0, 300), compiled(all)).steps, 2);
  const { table } = run(all.slice(300), compiled(all.slice(0, 310)));
  assert.equal(routeOf(table, all[0] as Rule), undefined);
  assert.equal(routeOf(table, all[599] as Rule)?.rule, all[599]);
});
