import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  compileHeaderChange,
  editFields,
  isChangeable,
  isFieldValue,
  joinEdits,
} from '../../../src/core/filters/header-change.ts';
import type { HeaderChange } from '../../../src/core/model/filter.ts';
import { HOP_BY_HOP } from '../../../src/proxy/fields.ts';

const change = (of: Partial<HeaderChange>): HeaderChange => ({ set: [], add: [], remove: [], ...of });

describe('what a change makes of fields', () => {
  const cases: [name: string, of: Partial<HeaderChange>, fields: string[], becomes: string[]][] = [
    ['set, where there is none', { set: [['X-A', '1']] }, ['X-B', '2'], ['X-B', '2', 'X-A', '1']],
    [
      'set replaces every line, in any case',
      { set: [['X-A', '1']] },
      ['x-a', '2', 'X-B', '3', 'X-A', '4'],
      ['X-B', '3', 'X-A', '1'],
    ],
    ['add, where there is none', { add: [['X-A', '1']] }, [], ['X-A', '1']],
    ['add comes behind what is there', { add: [['X-A', '1']] }, ['x-a', '2'], ['x-a', '2', 'X-A', '1']],
    ['remove, in any case', { remove: ['x-a'] }, ['X-A', '1', 'X-B', '2', 'x-A', '3'], ['X-B', '2']],
    ['values are no names', { remove: ['x-a'] }, ['X-B', 'x-a'], ['X-B', 'x-a']],
    [
      'all at once',
      { set: [['X-S', 's']], add: [['X-D', 'd']], remove: ['x-r'] },
      ['X-S', '1', 'X-D', '2', 'X-R', '3', 'X-O', '4'],
      ['X-D', '2', 'X-O', '4', 'X-S', 's', 'X-D', 'd'],
    ],
  ];
  for (const [name, of, fields, becomes] of cases) {
    it(name, () => assert.deepEqual(editFields(fields, compileHeaderChange(change(of))), becomes));
  }

  it('two changes as one do what they do one after the other', () => {
    const changes: Partial<HeaderChange>[] = [
      { set: [['X-A', 'set']] },
      { add: [['x-a', 'added']] },
      { remove: ['x-a'] },
      { set: [['X-B', 'set']], remove: ['x-a'] },
      { add: [['X-B', 'added']], set: [['X-A', 'set']] },
    ];
    const edits = changes.map(of => compileHeaderChange(change(of)));
    const fields = ['X-A', '1', 'X-B', '2', 'x-a', '3'];
    for (const first of edits) {
      for (const then of edits) {
        assert.deepEqual(
          editFields(fields, joinEdits(first, then)),
          editFields(editFields(fields, first), then),
        );
      }
    }
  });
});

describe('fields that no rule changes', () => {
  for (const name of [
    ...HOP_BY_HOP,
    'Host',
    'Content-Length',
    'Transfer-Encoding',
    'Connection',
    'Upgrade',
    'TE',
    'Expect',
    'Via',
    'X-Request-Id',
    'Sluice-Failed',
    'content_length',
    'Transfer_Encoding',
    'no name',
    ':method',
    '',
  ]) {
    it(JSON.stringify(name), () => assert.equal(isChangeable(name), false));
  }
  for (const name of [
    'X-Forwarded-Proto',
    'Authorization',
    'Set-Cookie',
    'x_custom',
    'Content-Type',
    'Date',
  ]) {
    it(`but ${name}`, () => assert.equal(isChangeable(name), true));
  }
});

describe('values of fields', () => {
  for (const value of ['a', 'a b', 'a\tb', 'max-age=1; path=/', '~']) {
    it(`${JSON.stringify(value)} is one`, () => assert.equal(isFieldValue(value), true));
  }
  for (const value of ['', ' a', 'a ', 'a\r\nX: y', 'a\nb', 'a\u0000', 'ä', '\u007f']) {
    it(`${JSON.stringify(value)} is none`, () => assert.equal(isFieldValue(value), false));
  }
});
