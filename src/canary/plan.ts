import { isVersionName } from '../core/model/weights.ts';
import {
  ConfigError,
  readSettings,
  type SettingSources,
  type SettingValues,
  setting,
} from '../core/settings/settings.ts';
import { readCount, readDuration, readRatio } from '../core/values.ts';

/** Percent, e.g. `1,5,25`: rising, above 0, at most 100. */
const readSteps = (text: string): readonly number[] | undefined => {
  const parts = text.split(',').map(part => part.trim());
  if (!parts.every(part => /^\d+(\.\d{1,2})?%?$/.test(part))) return undefined;
  const steps = parts.map(part => Number.parseFloat(part));
  const isRising = steps.every((step, i) => step > (steps[i - 1] ?? 0) && step <= 100);
  return isRising && steps.length <= 100 ? steps : undefined;
};

const readRatioFromOne = (text: string): number | undefined => {
  const ratio = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  return ratio >= 1 && ratio <= 1000 ? ratio : undefined;
};

const readShareOfErrors = (text: string): number | undefined => {
  const share = readRatio(text);
  return share === undefined || share === 0 || share === 1 ? undefined : share;
};

const readHook = (text: string): string | undefined =>
  URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol) ? text : undefined;

const hook = (name: string, help: string) =>
  setting<string | undefined>({
    flag: `--${name} <url>`,
    fallback: undefined,
    read: readHook,
    isSecret: true,
    expected: `an http or https URL, e.g. http://127.0.0.1:9000/${name}`,
    help,
  });

/** How a rollout goes: flags of `sluice canary start`, keys of its YAML document and of the admin API's body. */
export const PLAN_SETTINGS = {
  to: setting({
    flag: '--to <version>',
    fallback: '',
    read: text => (isVersionName(text) ? text : undefined),
    expected: 'the name of a version, e.g. v2',
    help: 'the version that is to take over',
  }),
  steps: setting<readonly number[]>({
    flag: '--steps <percents>',
    fallback: [1, 5, 25, 50, 100],
    fallbackText: '1,5,25,50,100',
    read: readSteps,
    expected: 'rising percents up to 100 joined by commas, e.g. 1,5,25,50,100',
    help: "the version's share of the traffic, step by step; 100 alone is blue-green",
  }),
  mirror: setting<number | undefined>({
    flag: '--mirror <share>',
    fallback: undefined,
    read: text => readRatio(text) || undefined,
    expected: 'a share above 0, e.g. 10%',
    help: 'a step before all others: the version gets copies of this share of the requests, and answers nobody',
  }),
  every: setting({
    flag: '--every <duration>',
    fallback: 60_000,
    fallbackText: '60s',
    read: text => {
      const every = readDuration(text);
      return every === undefined || every < 1_000 || every > 7 * 86_400_000 ? undefined : every;
    },
    expected: 'a duration from 1s to 7 days, e.g. 60s',
    help: 'how long each step is watched at least, the last one too',
  }),
  maxErrorRate: setting({
    flag: '--max-error-rate <share>',
    fallback: 0.01,
    fallbackText: '1%',
    read: readShareOfErrors,
    expected: 'a share between 0 and 1, e.g. 1%',
    help: 'errors (5xx, or no answer) above this roll back, as do more than the stable version has',
  }),
  maxP99Ratio: setting({
    flag: '--max-p99-ratio <ratio>',
    fallback: 1.3,
    read: readRatioFromOne,
    expected: 'a ratio from 1, e.g. 1.3',
    help: "latency above the stable version's times this rolls back",
  }),
  minRequests: setting({
    flag: '--min-requests <count>',
    fallback: 500,
    read: text => (text.trim() === '0' ? 0 : readCount(text)),
    expected: 'a whole number, e.g. 500',
    help: 'requests to the version in a step before the next one; a rollback needs none',
  }),
  before: hook('before', 'asked before each step (POST); any answer but 2xx keeps the step waiting'),
  after: hook('after', 'told after each step and at the end (POST)'),
} as const;

/**
 * How a rollout goes. Durations in milliseconds, steps in percent (a first one of 0 where there is `mirror`), the error rate
 * in (0, 1). Plain JSON.
 */
export type Plan = SettingValues<typeof PLAN_SETTINGS>;

/** @throws ConfigError with every problem at once */
export const readPlan = (sources: SettingSources): Plan => {
  const problems: string[] = [];
  const plan = readSettings(PLAN_SETTINGS, sources, problems);
  if (plan.to === '' && problems.length === 0) {
    problems.push(`${sources.nameOf('to')}: name the version that is to take over, e.g. v2`);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return plan.mirror === undefined ? plan : { ...plan, steps: [0, ...plan.steps] };
};
