import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Loads } from '../../src/core/balance.ts';
import type { Target } from '../../src/core/model.ts';
import { type FailedAttempt, nextTarget, type Retryable } from '../../src/core/retry.ts';
import { instance } from './build.ts';

const target = (name: string): Target => ({
  instance: instance({ service: 'orders', serviceId: name }),
  version: 'v1',
});

const A = target('a');
const B = target('b');
const C = target('c');

const get: Retryable = { method: 'GET', isBodyLost: false };
const post: Retryable = { method: 'POST', isBodyLost: false };
const refused = (at: Target): FailedAttempt => ({
  target: at,
  code: 'connect_failed',
  sent: false,
  reused: false,
});
const reset = (at: Target, reused = false): FailedAttempt => ({
  target: at,
  code: 'upstream_reset',
  sent: true,
  reused,
});

const cases: {
  name: string;
  request: Retryable;
  failures: FailedAttempt[];
  candidates: Target[];
  next: Target | undefined;
}[] = [
  { name: 'refused: another instance', request: get, failures: [refused(A)], candidates: [A, B], next: B },
  {
    name: 'refused: another instance, for a POST too',
    request: post,
    failures: [refused(A)],
    candidates: [A, B],
    next: B,
  },
  {
    name: 'refused with no other instance: the answer',
    request: get,
    failures: [refused(A)],
    candidates: [A],
    next: undefined,
  },
  {
    name: 'refused after a part of the body was taken: it is gone',
    request: { ...post, isBodyLost: true },
    failures: [refused(A)],
    candidates: [A, B],
    next: undefined,
  },
  {
    name: 'full: another instance',
    request: post,
    failures: [{ ...refused(A), code: 'overloaded' }],
    candidates: [A, B],
    next: B,
  },
  {
    name: 'reset: another instance for a GET',
    request: get,
    failures: [reset(A)],
    candidates: [A, B],
    next: B,
  },
  {
    name: 'reset: a POST may have been done',
    request: post,
    failures: [reset(A)],
    candidates: [A, B],
    next: undefined,
  },
  {
    name: 'reset: a PUT whose body was kept goes to another instance',
    request: { method: 'PUT', isBodyLost: false },
    failures: [reset(A)],
    candidates: [A, B],
    next: B,
  },
  {
    name: 'reset: a PUT whose body is gone cannot be sent again',
    request: { method: 'PUT', isBodyLost: true },
    failures: [reset(A)],
    candidates: [A, B],
    next: undefined,
  },
  {
    name: 'reset on a fresh connection, alone: the answer',
    request: get,
    failures: [reset(A)],
    candidates: [A],
    next: undefined,
  },
  {
    name: 'reset on a stale connection, alone: the same once',
    request: get,
    failures: [reset(A, true)],
    candidates: [A],
    next: A,
  },
  {
    name: 'reset on a stale connection, alone, twice: the answer',
    request: get,
    failures: [reset(A, true), reset(A, true)],
    candidates: [A],
    next: undefined,
  },
  {
    name: 'reset on a stale connection: another instance rather than the same',
    request: get,
    failures: [reset(A, true)],
    candidates: [A, B],
    next: B,
  },
  {
    name: 'a bad answer is an answer',
    request: get,
    failures: [{ ...reset(A), code: 'bad_response' }],
    candidates: [A, B],
    next: undefined,
  },
  {
    name: 'a late answer is an answer',
    request: get,
    failures: [{ ...reset(A), code: 'upstream_timeout' }],
    candidates: [A, B],
    next: undefined,
  },
  {
    name: 'the last untried instance',
    request: get,
    failures: [refused(A), refused(C)],
    candidates: [A, B, C],
    next: B,
  },
  {
    name: 'two retries at most',
    request: get,
    failures: [refused(A), refused(B), refused(C)],
    candidates: [A, B, C, target('d')],
    next: undefined,
  },
];

describe('nextTarget', () => {
  for (const { name, request, failures, candidates, next } of cases) {
    it(name, () => {
      const chosen = nextTarget(request, failures, candidates, new Loads(), () => 0.5);
      assert.equal(chosen?.instance.serviceId, next?.instance.serviceId);
    });
  }
});
