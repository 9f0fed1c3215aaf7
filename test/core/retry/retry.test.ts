import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Fleet } from '../../../src/core/balance/fleet.ts';
import { DEFAULT_FLEET_SETTINGS } from '../../../src/core/balance/fleet-settings.ts';
import type { Retryable } from '../../../src/core/balance/outcome.ts';
import type { Target } from '../../../src/core/model/rule.ts';
import { type FailedAttempt, type RetryPlan, Tries } from '../../../src/core/retry/retry.ts';
import { instance } from '../build.ts';

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
  plan?: Partial<RetryPlan>;
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
    name: 'a bad answer is a 502: another instance for a GET',
    request: get,
    failures: [{ ...reset(A), code: 'bad_response' }],
    candidates: [A, B],
    next: B,
  },
  {
    name: 'a bad answer to a POST is an answer',
    request: post,
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
    name: 'a rule that allows one retry',
    request: get,
    failures: [refused(A), refused(B)],
    candidates: [A, B, C],
    next: undefined,
    plan: { retries: 1 },
  },
  {
    name: 'our own limit on its connections: another instance',
    request: post,
    failures: [{ ...refused(A), code: 'overloaded' }],
    candidates: [A, B],
    next: B,
  },
  {
    name: 'two retries at most',
    request: get,
    failures: [refused(A), refused(B), refused(C)],
    candidates: [A, B, C, target('d')],
    next: undefined,
  },
  {
    name: 'a rule that wants retries: a reset, whatever the method',
    request: post,
    failures: [reset(A)],
    candidates: [A, B],
    next: B,
    plan: { retry: {} },
  },
  {
    name: 'a rule that wants retries: an attempt that took too long',
    request: get,
    failures: [{ ...reset(A), code: 'upstream_timeout' }],
    candidates: [A, B],
    next: B,
    plan: { retry: {} },
  },
  {
    name: 'a rule that wants retries: the only instance again and again',
    request: get,
    failures: [reset(A), reset(A)],
    candidates: [A],
    next: A,
    plan: { retry: {}, retries: 2 },
  },
  {
    name: 'a rule that wants retries: once all were tried, another than the last',
    request: get,
    failures: [reset(A), reset(B)],
    candidates: [A, B],
    next: A,
    plan: { retry: {}, retries: 2 },
  },
  {
    name: 'a rule that wants retries: not more than it says',
    request: get,
    failures: [reset(A), reset(A)],
    candidates: [A],
    next: undefined,
    plan: { retry: {}, retries: 1 },
  },
  {
    name: 'a rule that wants retries: a bad answer is a 502, which it does not name',
    request: get,
    failures: [{ ...reset(A), code: 'bad_response' }],
    candidates: [A, B],
    next: undefined,
    plan: { retry: { codes: [503] } },
  },
  {
    name: 'a rule that wants retries: a body that is gone cannot be sent again',
    request: { ...post, isBodyLost: true },
    failures: [reset(A)],
    candidates: [A, B],
    next: undefined,
    plan: { retry: {} },
  },
];

const half = () => 0.5;

describe('Tries, after failures', () => {
  for (const { name, request, failures, candidates, next, plan } of cases) {
    it(name, () => {
      const tries = new Tries(new Fleet(), { candidates, ...plan });
      let chosen: Target | undefined;
      for (const failure of failures) {
        tries.begin(failure.target, 1_000);
        tries.failed(failure.code, failure.reused, 1_000);
        chosen = tries.afterFailure(failure, request, 1_000, half);
      }
      assert.equal(chosen?.instance.serviceId, next?.instance.serviceId);
    });
  }

  it('without a budget there is none', () => {
    const { retries } = DEFAULT_FLEET_SETTINGS;
    const fleet = new Fleet({
      ...DEFAULT_FLEET_SETTINGS,
      retries: { ...retries, budget: { share: 0, perSecond: 0 } },
    });
    const tries = new Tries(fleet, { candidates: [A, B] });
    tries.begin(A, 1_000);
    tries.failed('connect_failed', false, 1_000);
    assert.equal(tries.afterFailure(refused(A), get, 1_000, half), undefined);
    assert.equal([...fleet.services()][0]?.budget.refused, 1);
  });

  it('sums up by what may have reached an instance', () => {
    const tries = new Tries(new Fleet(), { candidates: [A, B, C] });
    for (const failure of [refused(A), reset(B), refused(C)]) tries.afterFailure(failure, get, 0, half);
    assert.deepEqual(tries.failure, reset(B));
  });
});

describe('Tries, after answers', () => {
  const after = (
    status: number,
    request: Retryable,
    candidates = [A, B],
    plan: Partial<RetryPlan> = {},
  ): Target | undefined => {
    const tries = new Tries(new Fleet(), { candidates, ...plan });
    tries.begin(A, 1_000);
    tries.responded(status, 1_000);
    return tries.afterStatus(status, request, 1_000, half);
  };
  for (const [name, status, request, next] of [
    ['a 502 to a GET: another instance', 502, get, B],
    ['a 503 to a GET: another instance', 503, get, B],
    ['a 504: somebody has waited long enough', 504, get, undefined],
    ['a 500: what the program says', 500, get, undefined],
    ['a 503 to a POST: it may have been done', 503, post, undefined],
    ['a 503 to a body that is gone', 503, { method: 'PUT', isBodyLost: true }, undefined],
  ] as const) {
    it(name, () => assert.equal(after(status, request)?.instance.id, next?.instance.id));
  }
  it('a rule that wants retries has them after the answers that it names, whatever the method', () => {
    const retry = { codes: [409, 500] };
    assert.equal(after(500, post, [A, B], { retry }), B);
    assert.equal(after(409, post, [A], { retry }), A);
    assert.equal(after(503, get, [A, B], { retry }), undefined);
  });
  it('a 503 of the only instance is the answer', () => assert.equal(after(503, get, [A]), undefined));
});

it('a burst that fails at once makes its instance look no slower after the ejection: its trial is soon', () => {
  const fleet = new Fleet();
  const plan: RetryPlan = { candidates: [A, B] };
  fleet.candidates(plan.candidates, 0);
  const burst = Array.from({ length: 20 }, () => new Tries(fleet, plan));
  for (const tries of burst) tries.begin(A, 0);
  for (const tries of burst) tries.failed('upstream_timeout', false, 1_000);
  const { health, latency } = fleet.of(A, 1_000);
  assert.ok(health.isOut);
  assert.equal(latency.estimate(1_000), 0);
});

describe('how long a retry waits', () => {
  const waits = (plan: Partial<RetryPlan>, chance: number): number[] => {
    const tries = new Tries(new Fleet(), { candidates: [A], retries: 6, ...plan });
    return Array.from({ length: 6 }, () => {
      tries.afterFailure(reset(A), get, 0, half);
      return tries.wait(() => chance);
    });
  };
  it('not at all where the rule says nothing of retries', () =>
    assert.deepEqual(waits({}, 0.5), [0, 0, 0, 0, 0, 0]));
  it('never less than the rule says, and more from one to the next, up to ten times', () =>
    assert.deepEqual(waits({ retry: { backoff: 100 } }, 0), [100, 200, 400, 800, 1_000, 1_000]));
  it('up to half as long again, so that they do not come back in step', () =>
    assert.deepEqual(waits({ retry: { backoff: 100 } }, 0.5), [125, 250, 500, 1_000, 1_250, 1_250]));
  it('25 ms where the rule does not say', () => assert.equal(waits({ retry: {} }, 0)[0], 25));
});
