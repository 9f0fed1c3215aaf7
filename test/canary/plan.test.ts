import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planOf, readDocument } from '../../src/canary/document.ts';

const read = (document: unknown) => {
  const { values, ...others } = readDocument(document, 'canary.yaml');
  return { plan: planOf({ values }, 'canary.yaml'), ...others };
};

describe('a plan that is written down', () => {
  it('says what the flags say, with lists for lists', () => {
    const { plan, service, reason } = read({
      service: 'orders',
      to: 'v2',
      steps: [1, 5, '25%', 100],
      every: '2m',
      'max-error-rate': '2%',
      'max-p99-ratio': 1.5,
      'min-requests': 50,
      reason: 'release 7',
    });
    assert.deepEqual([service, reason], ['orders', 'release 7']);
    assert.deepEqual(plan, {
      to: 'v2',
      steps: [1, 5, 25, 100],
      every: 120_000,
      maxErrorRate: 0.02,
      maxP99Ratio: 1.5,
      minRequests: 50,
      before: undefined,
      after: undefined,
      mirror: undefined,
    });
  });

  it('needs a version only', () => {
    assert.deepEqual(read({ to: 'v2' }).plan.steps, [1, 5, 25, 50, 100]);
  });

  it('is outranked by flags', () => {
    const { values } = readDocument({ to: 'v2', every: '2m' }, 'canary.yaml');
    assert.equal(planOf({ values }, 'canary.yaml', { every: '5s' }).every, 5_000);
  });

  const bad: Record<string, [unknown, RegExp]> = {
    'no version': [{}, /--to: name the version/],
    'a bad version': [{ to: 'v 2' }, /canary.yaml: to "v 2": expected the name of a version/],
    'an unknown key': [{ to: 'v2', step: 1 }, /unknown key "step"; known are to, steps/],
    'a list': [['v2'], /expected "key: value" lines/],
    nothing: [null, /expected "key: value" lines/],
    'a map for a value': [{ to: { v2: 1 } }, /to: expected one value/],
    'falling steps': [{ to: 'v2', steps: '5,1' }, /steps "5,1": expected rising percents/],
    'a step of 0': [{ to: 'v2', steps: '0,1' }, /expected rising percents/],
    'a step above 100': [{ to: 'v2', steps: '101' }, /expected rising percents/],
    'a bare duration': [{ to: 'v2', every: 60 }, /every "60": expected a duration/],
    'too short a step': [{ to: 'v2', every: '10ms' }, /expected a duration from 1s/],
    'a limit of 0': [{ to: 'v2', 'max-error-rate': 0 }, /expected a share between 0 and 1/],
    'a ratio below 1': [{ to: 'v2', 'max-p99-ratio': 0.9 }, /expected a ratio from 1/],
    'a webhook of another scheme': [
      { to: 'v2', before: 'ftp://user:secret@host/' },
      /before: expected an http/,
    ],
  };
  for (const [title, [document, problem]] of Object.entries(bad)) {
    it(`${title} is refused, and no secret repeated`, () =>
      assert.throws(
        () => read(document),
        ({ message }: Error) => problem.test(message) && !message.includes('secret'),
      ));
  }
});
