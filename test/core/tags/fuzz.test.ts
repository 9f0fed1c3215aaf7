import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { DIALECT_NAMES } from '../../../src/core/tags/dialect.ts';
import { parseTags } from '../../../src/core/tags/parse.ts';
import { matchesOf } from '../../../src/core/tags/traefik/clauses.ts';
import { parseRule } from '../../../src/core/tags/traefik/expression.ts';
import { RuleSyntaxError } from '../../../src/core/tags/traefik/syntax-error.ts';
import type { Asked } from '../../support/facts.ts';
import { fuzz } from '../../support/fuzz.ts';
import { instance } from '../build.ts';
import { type Serve, serve } from './served.ts';
import { anyTag, asked, printed, type RuleTree, ruleTree, soundTags } from './tag-arbitraries.ts';

const enough = (t: TestContext, runs: number): void => {
  t.diagnostic(`${runs} runs`);
  assert.ok(runs > 100, `${runs} runs`);
};

const OPTIONS = { tagPrefix: '', dialects: DIALECT_NAMES };

const serveTags = (tags: readonly string[]): Serve =>
  serve(DIALECT_NAMES, [instance({ service: 'shop', tags })]);

it('no tag is too strange to be read, and what is read can be served', t => {
  let runs = 0;
  fc.assert(
    fc.property(fc.array(anyTag, { maxLength: 6 }), asked, (tags, request) => {
      runs += 1;
      const { rules, problems } = parseTags(
        { tags, service: 'shop', address: '10.0.0.1', port: 80 },
        OPTIONS,
      );
      for (const { match } of rules)
        assert.ok(match.kind === 'regex' || match.path.startsWith('/'), match.path);
      for (const { reason } of problems) assert.notEqual(reason, '');
      assert.doesNotThrow(() => serveTags(tags)(request));
    }),
    fuzz(),
  );
  enough(t, runs);
});

it('a tag that turns bad never lets more requests in', t => {
  let runs = 0;
  const edit = fc.record({
    which: fc.nat(),
    at: fc.nat(),
    drops: fc.nat(3),
    adds: fc.string({ maxLength: 2 }),
  });
  fc.assert(
    fc.property(
      soundTags,
      edit,
      fc.array(asked, { minLength: 8, maxLength: 8 }),
      (tags, change, requests) => {
        const which = change.which % tags.length;
        const tag = tags[which] ?? '';
        // What comes before the value says what the tag is about; with a blank, Fabio's tag would be another sound one.
        const from = tag.startsWith('urlprefix-') ? 'urlprefix-'.length : tag.indexOf('=') + 1;
        const at = from + (change.at % (tag.length - from + 1));
        const bad = tag.slice(0, at) + change.adds.replace(/\s/g, '') + tag.slice(at + change.drops);
        const broken = tags.with(which, bad);
        const { problems } = parseTags({ tags: broken, service: 'shop', address: '', port: 80 }, OPTIONS);
        if (!problems.some(problem => problem.tag === bad)) return;
        runs += 1;
        const before = serveTags(tags);
        const after = serveTags(broken);
        for (const request of requests) {
          if (after(request) === 'shop')
            assert.equal(before(request), 'shop', `${bad} lets ${JSON.stringify(request)} in`);
        }
      },
    ),
    fuzz(),
  );
  enough(t, runs);
});

it('a rule of Traefik takes what it says, however it is written', t => {
  let runs = 0;
  fc.assert(
    fc.property(
      ruleTree,
      fc.infiniteStream(fc.nat(99)),
      fc.array(asked, { minLength: 8, maxLength: 8 }),
      (tree, taste, requests) => {
        const rule = printed(tree, () => taste.next().value ?? 0);
        try {
          matchesOf(parseRule(rule));
        } catch (error) {
          assert.ok(error instanceof RuleSyntaxError && /64 simple/.test(error.message), rule);
          return;
        }
        runs += 1;
        const served = serveTags([`traefik.http.routers.r.rule=${rule}`]);
        for (const request of requests) {
          assert.equal(
            served(request) === 'shop',
            isTaken(tree, request),
            `${rule} and ${JSON.stringify(request)}`,
          );
        }
      },
    ),
    fuzz(),
  );
  enough(t, runs);
});

const isTaken = (tree: RuleTree, request: Asked): boolean => {
  if (tree.type === 'not') return !isTaken(tree.of, request);
  if (tree.type !== 'matcher') {
    const taken = tree.all.filter(each => isTaken(each, request)).length;
    return tree.type === 'and' ? taken === tree.all.length : taken > 0;
  }
  const { name, value } = tree;
  const { host = 'x.test', path = '/', method = 'GET', headers = {}, query = {} } = request;
  if (name === 'Host') return host === value;
  if (name === 'HostRegexp') return new RegExp(value).test(host);
  if (name === 'Path') return path === value;
  if (name === 'PathPrefix') return path.startsWith(value);
  if (name === 'PathRegexp') return new RegExp(value).test(path);
  if (name === 'Method') return method === value;
  return name === 'Header' ? headers.n === value : query.n === value;
};
