import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  judgeFailure,
  judgeStatus,
  mayFollowFailure,
  mayFollowStatus,
  summaryOf,
  type Verdict,
} from '../../../src/core/balance/outcome.ts';
import type { ErrorCode } from '../../../src/core/errors.ts';
import type { RetryRule } from '../../../src/core/model/traffic.ts';
import { readRetryAfter } from '../../../src/core/retry/retry-after.ts';

describe('who is blamed for an answer', () => {
  const cases: [status: number, verdict: Verdict][] = [
    [101, 'well'],
    [200, 'well'],
    [304, 'well'],
    [404, 'well'],
    [429, 'well'],
    [500, 'failed'],
    [501, 'well'],
    [502, 'failed'],
    [503, 'failed'],
    [504, 'failed'],
    [505, 'well'],
    [507, 'failed'],
    [511, 'well'],
  ];
  for (const [status, verdict] of cases) {
    it(`${status}: ${verdict}`, () => assert.equal(judgeStatus(status), verdict));
  }
});

describe('failures: who is blamed, and what may follow', () => {
  const ON_504 = new Set([502, 503, 504]);
  const BY_DEFAULT = new Set([502, 503]);
  interface Case {
    name: string;
    code: ErrorCode;
    sent?: false;
    isStale?: true;
    verdict: Verdict;
    /** Whether another attempt may follow for GET and POST; `chosen` when 504 is among the statuses. */
    get: boolean | 'chosen';
    post: boolean;
  }
  const cases: Case[] = [
    { name: 'refused', code: 'connect_failed', sent: false, verdict: 'failed', get: true, post: true },
    { name: 'left alone', code: 'upstream_reset', sent: false, verdict: 'failed', get: true, post: true },
    { name: 'our limit', code: 'overloaded', sent: false, verdict: 'spared', get: true, post: true },
    { name: 'reset', code: 'upstream_reset', verdict: 'failed', get: true, post: false },
    { name: 'stale', code: 'upstream_reset', isStale: true, verdict: 'spared', get: true, post: false },
    { name: 'garbage', code: 'bad_response', verdict: 'failed', get: true, post: false },
    {
      name: 'garbage, reused',
      code: 'bad_response',
      isStale: true,
      verdict: 'failed',
      get: true,
      post: false,
    },
    { name: 'no head in time', code: 'upstream_timeout', verdict: 'failed', get: 'chosen', post: false },
    { name: 'bad request', code: 'bad_request', verdict: 'spared', get: false, post: false },
    { name: 'slow client', code: 'request_timeout', verdict: 'spared', get: false, post: false },
    { name: 'big body', code: 'body_too_large', verdict: 'spared', get: false, post: false },
    { name: 'a bug of ours', code: 'internal', verdict: 'spared', get: false, post: false },
  ];
  for (const { name, code, sent = true, isStale = false, verdict, get, post } of cases) {
    it(`${name}: ${verdict}, GET ${get}, POST ${post}`, () => {
      const follows = (method: string, on: ReadonlySet<number>, isBodyLost = false): boolean =>
        mayFollowFailure(code, sent, { method, isBodyLost }, on);
      assert.equal(judgeFailure(code, isStale), verdict);
      assert.equal(follows('GET', BY_DEFAULT), get === true);
      assert.equal(follows('GET', ON_504), get !== false);
      assert.equal(follows('POST', ON_504), post);
      assert.equal(follows('PATCH', ON_504), post);
      assert.equal(follows('PUT', BY_DEFAULT), get === true);
      assert.equal(follows('GET', ON_504, true), false);
    });
  }
});

it('a chosen status is followed for idempotent requests whose body is there', () => {
  const on = new Set([503]);
  assert.equal(mayFollowStatus(503, { method: 'DELETE', isBodyLost: false }, on), true);
  assert.equal(mayFollowStatus(503, { method: 'DELETE', isBodyLost: true }, on), false);
  assert.equal(mayFollowStatus(503, { method: 'POST', isBodyLost: false }, on), false);
  assert.equal(mayFollowStatus(502, { method: 'GET', isBodyLost: false }, on), false);
});

describe('what the caller is told where no attempt follows', () => {
  const cases: [code: ErrorCode, attempts: number, rule: RetryRule | undefined, told: ErrorCode][] = [
    ['upstream_reset', 3, {}, 'retries_spent'],
    ['connect_failed', 2, {}, 'retries_spent'],
    ['upstream_reset', 1, {}, 'upstream_reset'],
    ['upstream_reset', 3, undefined, 'upstream_reset'],
    ['bad_response', 3, {}, 'bad_response'],
    ['upstream_timeout', 3, {}, 'upstream_timeout'],
  ];
  for (const [code, attempts, rule, told] of cases) {
    it(`${code}, attempts ${attempts}, ${rule === undefined ? 'no' : 'a'} rule of retries: ${told}`, () =>
      assert.equal(summaryOf(code, attempts, rule), told));
  }
});

describe('readRetryAfter', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  const cases: [text: string, ms: number | undefined][] = [
    ['0', 0],
    ['120', 120_000],
    [' 7 ', 7_000],
    ['Thu, 01 Jan 2026 00:00:05 GMT', 5_000],
    ['Thursday, 01-Jan-26 00:00:05 GMT', 5_000],
    ['Wed, 31 Dec 2025 23:59:00 GMT', 0],
    ['', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['2026-01-01', undefined],
  ];
  for (const [text, ms] of cases) {
    it(`"${text}" is ${ms}`, () => assert.equal(readRetryAfter(text, now), ms));
  }
});
