import { totalOf } from './capital.ts';
import { errorRate, isSlowerAt } from './figures.ts';
import type { Analysis } from './state.ts';
import { TESTS } from './tests.ts';
import type { Finding, TestName, Verdict } from './verdict.ts';
import { errorsInWords, latencyInWords, limitInWords, oneIn, whole } from './words.ts';

/** What a rollout may be wrong by: of those whose canary is well at most this part is rolled back. */
export const FALSE_ALARMS = 0.005;

/** With less chance than this a canary is under suspicion: its step is not passed before that is over or proven. */
const SUSPICIOUS = 0.1;

/** A p99 is that of the slowest hundredth: of fewer requests than this, of one or two that may have been unlucky. */
const ENOUGH_FOR_P99 = 500;

const WORDS: Readonly<Record<TestName, (state: Analysis) => string>> = {
  limit: limitInWords,
  errors: errorsInWords,
  latency: latencyInWords,
};

export const judge = (state: Analysis): Verdict => {
  const { canary, stable } = state.seen;
  const names: readonly TestName[] = ['limit', 'errors', 'latency'];
  const findings = names
    .filter(name => canary.requests > 0 && (stable.requests > 0 || !TESTS[name].compares))
    .map(name => findingOf(state, name));
  const breaches = findings.filter(finding => finding.isBreach);
  if (breaches.length > 0) return { outcome: 'breach', text: textOf(breaches), findings };
  const doubt = doubtOf(state, findings);
  return doubt === undefined
    ? { outcome: 'sound', text: textOf(findings), findings }
    : { outcome: 'inconclusive', text: doubt, findings };
};

const findingOf = (state: Analysis, name: TestName): Finding => {
  const chance = Math.min(1, Math.exp(-totalOf(state.capitals[name])));
  return {
    test: name,
    chance,
    isBreach: chance <= FALSE_ALARMS * TESTS[name].budget,
    text: `${WORDS[name](state)}${chance < SUSPICIOUS ? ` (by chance: ${oneIn(chance)})` : ''}`,
  };
};

/** Why the step is not passed, though nothing is proven. */
const doubtOf = (state: Analysis, findings: readonly Finding[]): string | undefined => {
  const { limits, seen } = state;
  const { requests } = seen.canary;
  if (requests < limits.minRequests) return `${whole(requests)} of ${whole(limits.minRequests)} requests`;
  const suspicious = findings.filter(finding => finding.chance < SUSPICIOUS);
  if (suspicious.length > 0) return `suspicious, not proven: ${textOf(suspicious)}`;
  if (errorRate(seen.canary) > limits.maxErrorRate) return `not within the limit: ${limitInWords(state)}`;
  // Both: a stable version on its way out has a few, and no more come.
  return Math.min(requests, seen.stable.requests) >= ENOUGH_FOR_P99 &&
    isSlowerAt(seen, 99, limits.maxP99Ratio)
    ? `not within the limit: ${latencyInWords(state)}`
    : undefined;
};

const textOf = (findings: readonly Finding[]): string => findings.map(finding => finding.text).join('; ');
