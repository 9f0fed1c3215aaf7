import assert from 'node:assert/strict';
import { it } from 'node:test';
import { changesOf } from '../../../src/core/match/rule-changes.ts';
import type { Rule } from '../../../src/core/model/rule.ts';

const ruleAt = (path: string): Rule => ({
  id: path,
  match: { kind: 'prefix', path },
  origin: { from: 'tags', service: 'any', createIndex: 1 },
  backends: [],
});

const [a, b, c, d, e, f] = ['/a', '/b', '/c', '/d', '/e', '/f'].map(ruleAt) as [
  Rule,
  Rule,
  Rule,
  Rule,
  Rule,
  Rule,
];

const CASES: readonly { name: string; before: Rule[]; after: Rule[]; gone: Rule[]; come: Rule[] }[] = [
  { name: 'nothing', before: [a, b], after: [a, b], gone: [], come: [] },
  { name: 'the first list', before: [], after: [a, b], gone: [], come: [a, b] },
  { name: 'the end of all', before: [a, b], after: [], gone: [a, b], come: [] },
  { name: 'one in place of another', before: [a, b, c], after: [a, d, c], gone: [b], come: [d] },
  {
    name: 'far apart: what lies between stays',
    before: [a, b, c, d],
    after: [e, b, c, f],
    gone: [a, d],
    come: [e, f],
  },
  {
    name: 'some gone, others come, elsewhere',
    before: [a, b, c, d],
    after: [b, c, e, d, f],
    gone: [a],
    come: [e, f],
  },
  { name: 'moved', before: [a, b, c], after: [c, a, b], gone: [], come: [] },
];

for (const { name, before, after, gone, come } of CASES) {
  it(`rules that have gone and come: ${name}`, () => {
    assert.deepEqual(changesOf(before, after), { gone: new Set(gone), come });
  });
}
