import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Rule } from '../../../src/core/model/rule.ts';
import { createSnapshotBuilder } from '../../../src/core/rules/snapshot.ts';
import { readSluiceTags } from '../../../src/core/tags/sluice/read.ts';
import { buildSnapshot, catalogOf, instance } from '../build.ts';

const OPTIONS = { policy: 'passing-only', tagPrefix: '' } as const;

const rulesOf = (...shops: readonly (readonly string[])[]): readonly Rule[] => {
  const catalog = catalogOf(
    ...shops.map(tags => instance({ service: 'shop', tags: ['path=/shop', ...tags] })),
    instance({ service: 'judge', tags: ['version=v1'] }),
  );
  return buildSnapshot({ catalog, weights: new Map(), ...OPTIONS }).rules;
};

const judgeOf = ([rule]: readonly Rule[]): string =>
  `${rule?.auth?.service} ${rule?.auth?.arms.map(({ version }) => version)}`;

const servedBy = ([rule]: readonly Rule[]): number | undefined =>
  rule?.backends[0]?.arms.reduce((sum, { targets }) => sum + targets.length, 0);

describe('auth=', () => {
  it('names who judges, from the catalog', () => {
    const rules = rulesOf(['auth=judge/verify']);
    assert.equal(judgeOf(rules), 'judge v1');
    assert.deepEqual(rules[0]?.filters, [
      { type: 'auth', service: 'judge', path: '/verify', asksFor: 'path' },
    ]);
  });

  it('holds for the rule as long as one instance says it: a deploy that forgot it opens nothing', () => {
    assert.equal(judgeOf(rulesOf(['auth=judge'], [])), 'judge v1');
    assert.equal(judgeOf(rulesOf([], ['auth=judge'])), 'judge v1');
    assert.equal(rulesOf([])[0]?.auth, undefined);
  });

  it('a service that is not there judges nobody, and the rule is kept', () => {
    const [rule] = rulesOf(['auth=nobody']);
    assert.deepEqual([rule?.auth?.isUnknown, rule?.auth?.arms], [true, []]);
  });

  for (const bad of ['auth=', 'auth=/verify', 'auth=judge/a b', 'auth=http://judge/verify']) {
    it(`${bad} closes the instance, which keeps its match`, () => {
      const rules = rulesOf([bad]);
      assert.deepEqual([rules.length, servedBy(rules)], [1, 0]);
    });
  }

  it('auth-fields= are what nobody else may say', () => {
    const [rule] = rulesOf(['auth=judge', 'auth-fields=X-User, x-groups', 'auth-fields=x-tenant']);
    assert.deepEqual(rule?.filters, [
      {
        type: 'auth',
        service: 'judge',
        path: '/',
        asksFor: 'path',
        takes: ['x-user', 'x-groups', 'x-tenant'],
      },
    ]);
  });

  for (const bad of ['auth-fields=', 'auth-fields=x user', 'auth-fields=x-user,', 'auth-fields=host']) {
    it(`${bad} closes the instance, too`, () => assert.equal(servedBy(rulesOf(['auth=judge', bad])), 0));
  }

  it('auth-fields= without it are named in the quarantine', () => {
    const { problems } = readSluiceTags({ tags: ['path=/a', 'auth-fields=x-user'] }, { tagPrefix: '' });
    assert.deepEqual(
      problems.map(({ tag }) => tag),
      ['auth-fields=x-user'],
    );
  });

  it('two of them close it, too', () => assert.equal(servedBy(rulesOf(['auth=judge', 'auth=other'])), 0));
});

it('a rule changes when whoever judges does, and only then', () => {
  const build = createSnapshotBuilder(OPTIONS);
  const shop = instance({ service: 'shop', tags: ['path=/shop', 'auth=judge'] });
  const [first, second] = [instance({ service: 'judge' }), instance({ service: 'judge' })];
  const catalog = catalogOf(shop, first);
  const next = (judges: readonly (typeof first)[]): Rule | undefined =>
    build({ catalog: new Map([...catalog, ['judge', judges]]), weights: new Map(), now: 0 }).rules[0];
  const one = [first];
  const before = next(one);
  assert.equal(next(one), before);
  const after = next([first, second]);
  assert.notEqual(after, before);
  assert.equal(after?.auth?.arms[0]?.targets.length, 2);
});
