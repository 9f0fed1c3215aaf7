import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareOrigins } from '../../src/core/model/origin.ts';
import { createRuleMaker } from '../../src/documents/rules.ts';
import { EMPTY_SHELF, restock, type Source } from '../../src/documents/shelf.ts';
import { readText } from '../../src/documents/text.ts';
import { withRule, withSpec } from './marked.ts';

const TO = 'backendRefs: [{name: orders}]';
const source = (text: string, rest: Partial<Source> = {}): Source => ({
  name: 'shop.yaml',
  documents: readText(text),
  ...rest,
});
const make = (...sources: readonly Source[]) => createRuleMaker().of(restock(EMPTY_SHELF, sources));
const onlyRule = (fields: string) => {
  const [rule, ...others] = make(source(withRule(fields))).rules;
  assert.deepEqual(others, []);
  return rule;
};

describe('rules of a route', () => {
  it('there is one for each match and each host, in order', () => {
    const { rules } = make(
      source(
        withSpec(
          `hostnames: [a.com, "*.b.com"]\nrules: [{name: x, matches: [{path: {value: /1}}, {path: {type: Exact, value: /2}}], ${TO}}, {${TO}}]`,
        ),
      ),
    );
    assert.deepEqual(
      rules.map(({ match: { host, kind, path }, origin: { index, rule } }) => [
        host,
        kind,
        path,
        index,
        rule,
      ]),
      [
        ['a.com', 'prefix', '/1', 0, 'x'],
        ['*.b.com', 'prefix', '/1', 0, 'x'],
        ['a.com', 'exact', '/2', 0, 'x'],
        ['*.b.com', 'exact', '/2', 0, 'x'],
        ['a.com', 'prefix', '/', 1, undefined],
        ['*.b.com', 'prefix', '/', 1, undefined],
      ],
    );
  });
  it('say where they stand', () => {
    assert.deepEqual(onlyRule(TO)?.origin, {
      from: 'document',
      name: 'default/shop',
      index: 0,
      place: 'shop.yaml:1',
    });
  });
  it('a backend that can be none is one that nobody can be', () => {
    assert.equal(onlyRule('backendRefs: [{kind: Bucket, name: orders}]')?.backends[0]?.service, '');
  });
  it('a session is kept by a cookie that no other rule has', () => {
    const { rules } = make(
      source(withSpec(`rules: [{sessionPersistence: {}, ${TO}}, {sessionPersistence: {}, ${TO}}]`)),
    );
    const names = rules.map(({ session }) => session?.name);
    assert.equal(new Set(names).size, 2);
    assert.match(names[0] ?? '', /^sluice-/);
    assert.deepEqual(
      rules.map(({ session }) => session?.scope),
      ['default/shop/0', 'default/shop/1'],
    );
  });
  it('timeouts and retries are its settings', () => {
    const { timeout, tryTimeout, retries, retry } =
      onlyRule(
        `timeouts: {request: 0s, backendRequest: 2s}, retry: {attempts: 2, codes: [503], backoff: 50ms}, ${TO}`,
      ) ?? {};
    assert.deepEqual([timeout, tryTimeout, retries], [0, 2_000, 2]);
    assert.deepEqual(retry, { codes: [503], backoff: 50 });
    assert.deepEqual(onlyRule(`retry: {}, ${TO}`)?.retry, {}, 'connection errors alone');
  });
  it('so is what is said of its sessions', () => {
    const { session } =
      onlyRule(
        `sessionPersistence: {cookie: {name: s, path: /a, lifetimeType: Permanent}, absoluteTimeout: 5m}, ${TO}`,
      ) ?? {};
    assert.deepEqual(session, {
      by: 'cookie',
      name: 's',
      scope: 'default/shop/0',
      path: '/a',
      isPermanent: true,
      absoluteTimeout: 300_000,
    });
  });
  it('of a route that stayed the same are the same objects', () => {
    const { of } = createRuleMaker();
    const shelf = restock(EMPTY_SHELF, [source(withRule(TO))]);
    assert.equal(of(shelf).rules[0], of({ ...shelf }).rules[0]);
  });
});

describe('which of two equal rules goes first', () => {
  const origin = (text: string, rest: Partial<Source> = {}) => {
    const [rule] = make(source(text, rest)).rules;
    assert.ok(rule !== undefined);
    return rule.origin;
  };
  const dated = (name: string, at: string): string =>
    withRule(TO).replace('name: shop', `name: ${name}\n  creationTimestamp: "${at}"`);
  const inOrder = [
    origin(dated('z', '2025-01-01T00:00:00Z')),
    origin(dated('y', '2026-01-01T00:00:00Z')),
    origin(withRule(TO).replace('shop', 'x'), { createIndex: 7 }),
    origin(withRule(TO).replace('shop', 'w'), { createIndex: 8 }),
    origin(withRule(TO).replace('shop', 'a')),
    origin(withRule(TO).replace('shop', 'b')),
  ];
  it('the older, then the older key, then the name', () => {
    assert.deepEqual([...inOrder].reverse().sort(compareOrigins), inOrder);
  });
});

describe('problems', () => {
  it('name the place and what is in force; notes are none', () => {
    const good = restock(EMPTY_SHELF, [source(withRule(TO))]);
    const bad = restock(good, [source(withSpec(`parentRefs: []\nrules: [{colour: red, ${TO}}]`))]);
    const { rules, problems } = createRuleMaker().of(bad);
    assert.equal(rules.length, 1);
    assert.deepEqual(problems, [
      {
        kind: 'document',
        owner: 'default/shop',
        place: 'shop.yaml:7:12',
        subject: 'spec.rules[0].colour',
        reason:
          'unknown field "colour"; known are name, matches, filters, backendRefs, timeouts, retry, sessionPersistence (until then its last good version is in force)',
      },
    ]);
  });
});
