import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { check, type Expected, type RuleUnderTest, startGateway } from './harness.ts';

const V3 = 'infra-backend-v3';
const OK: Expected = { backend: V3 };

interface Case {
  readonly path: string;
  readonly rule: Omit<RuleUnderTest, 'match' | 'to'>;
  /** What the backend is told of how it shall fail, and what comes of it. */
  readonly rows: readonly (readonly [query: string, expected: Expected])[];
}

const cases: Readonly<Record<string, readonly Case[]>> = {
  HTTPRouteRetry: [
    {
      path: '/retry/code-500-attempts-3',
      rule: { retries: 3, retry: { codes: [500] } },
      rows: [
        ['responseCode=500&succeedAfter=2', OK],
        ['responseCode=500&succeedAfter=4', { status: 500 }],
        ['responseCode=503&succeedAfter=2', { status: 503 }],
      ],
    },
    {
      path: '/retry/code-all-attempts-2',
      rule: { retries: 2, retry: { codes: [500, 502, 503, 504] } },
      rows: [500, 502, 503, 504].flatMap(code => [
        [`responseCode=${code}&succeedAfter=1`, OK] as const,
        [`responseCode=${code}&succeedAfter=3`, { status: code }] as const,
      ]),
    },
  ],
  HTTPRouteRetryConnectionError: [
    {
      path: '/retry/no-status-code-attempts-3',
      rule: { retries: 3, retry: {} },
      rows: [
        ['succeedAfter=2', OK],
        ['succeedAfter=4', { status: [500, 503] }],
      ],
    },
  ],
  HTTPRouteRetryWithTimeouts: [
    {
      path: '/retry/backend-request-timeout-200ms',
      rule: { retries: 2, retry: {}, tryTimeout: 200 },
      rows: [
        ['responseCode=500&succeedAfter=2&delayRetry=300ms', OK],
        ['responseCode=500&succeedAfter=3&delayRetry=300ms', { status: 504 }],
      ],
    },
    {
      path: '/retry/request-timeout-200ms',
      rule: { retries: 5, retry: { codes: [500] }, tryTimeout: 200, timeout: 400 },
      rows: [
        ['responseCode=500&succeedAfter=1', OK],
        ['responseCode=500&succeedAfter=4&delayRetry=100ms', { status: 504 }],
      ],
    },
  ],
};

for (const [name, rules] of Object.entries(cases)) {
  describe(name, () => {
    for (const { path, rule, rows } of rules) {
      for (const [query, expected] of rows) {
        it(`${path}?${query}`, async t => {
          for (const express of [true, false]) {
            const gateway = await startGateway(t, [{ match: { path }, ...rule, to: V3 }], { express });
            const asked = { path: `${path}?${query}&uuid=${express}` };
            check(asked, await gateway.ask(asked), expected);
          }
        });
      }
    }
  });
}

/** @param unlimited beside it, a rule that has no end */
const itEnds = (limited: Case['rule'], unlimited: Case['rule']): void => {
  it('at its time, and not where that is 0', async t => {
    const gateway = await startGateway(t, [
      { match: { path: '/timeout' }, ...limited, to: V3 },
      { match: { path: '/disable-timeout' }, ...unlimited, to: V3 },
    ]);
    const rows: [path: string, expected: Expected][] = [
      ['/timeout', OK],
      ['/timeout?delay=1s', { status: 504 }],
      ['/disable-timeout?delay=1s', OK],
    ];
    await Promise.all(
      rows.map(async ([path, expected]) => check({ path }, await gateway.ask({ path }), expected)),
    );
  });
};

describe('HTTPRouteTimeoutRequest', () => itEnds({ timeout: 500 }, { timeout: 0 }));

describe('HTTPRouteTimeoutBackendRequest', () => itEnds({ tryTimeout: 500 }, { tryTimeout: 0 }));

describe('what the suite does not ask', () => {
  const path = '/retry/x';
  const rule = { match: { path }, to: V3 };

  it('a rule that wants retries has them for a POST, too, with the body that was kept', async t => {
    const gateway = await startGateway(t, [{ ...rule, retries: 1, retry: { codes: [503] } }]);
    const asked = { method: 'POST', path: `${path}?responseCode=503&succeedAfter=1`, body: 'again' };
    const answer = await gateway.ask(asked);
    check(asked, answer, OK);
    assert.deepEqual(
      gateway.backends.get(V3)?.received.map(({ body }) => body),
      ['again', 'again'],
    );
  });

  it('one that does not has them as ever: a POST that was answered is not sent again', async t => {
    const gateway = await startGateway(t, [{ ...rule, retries: 1 }]);
    const asked = { method: 'POST', path: `${path}?responseCode=503&succeedAfter=1`, body: 'once' };
    check(asked, await gateway.ask(asked), { status: 503 });
    assert.equal(gateway.backends.get(V3)?.received.length, 1);
  });

  it('what no retry came of is unavailable, and what was not retried is a bad gateway', async t => {
    const gateway = await startGateway(t, [
      { ...rule, retries: 1, retry: {} },
      { ...rule, match: { path: '/retry/once' }, retries: 0 },
    ]);
    const retried = await gateway.ask({ path: `${path}?succeedAfter=4` });
    assert.deepEqual([retried.status, JSON.parse(retried.body).code], [503, 'retries_spent']);
    const once = await gateway.ask({ path: '/retry/once?succeedAfter=4' });
    assert.deepEqual([once.status, JSON.parse(once.body).code], [502, 'upstream_reset']);
  });

  it('no retry comes before its time, and each takes longer', async t => {
    const gateway = await startGateway(t, [{ ...rule, retries: 2, retry: { codes: [503], backoff: 60 } }]);
    const began = performance.now();
    const asked = { path: `${path}?responseCode=503&succeedAfter=2` };
    check(asked, await gateway.ask(asked), OK);
    // Timers count in whole milliseconds.
    assert.ok(performance.now() - began >= 60 + 120 - 2);
  });

  it('a request whose time is up while a retry waits has none', async t => {
    const waiting = { ...rule, retries: 1, retry: { codes: [503], backoff: 300 } };
    const patient = { ...waiting, match: { path: '/retry/patient' } };
    const gateway = await startGateway(t, [{ ...waiting, timeout: 60 }, patient]);
    const late = { path: `${path}?responseCode=503&succeedAfter=1&uuid=late` };
    check(late, await gateway.ask(late), { status: 504 });
    // By the time that a later one has had its retry, so would the first.
    const later = { path: '/retry/patient?responseCode=503&succeedAfter=1&uuid=later' };
    check(later, await gateway.ask(later), OK);
    assert.deepEqual(
      gateway.backends.get(V3)?.received.map(each => each.path),
      [late.path, later.path, later.path],
    );
  });
});
