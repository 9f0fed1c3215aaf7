import { BALANCE_NAMES } from '../balance/balance.ts';
import { DEFAULT_FLEET_SETTINGS, type FleetSettings } from '../balance/fleet-settings.ts';
import type { BalanceName } from '../model/traffic.ts';
import { RETRIES_EXPECTED, readRetries } from '../tags/sluice/traffic.ts';
import { formatDuration, formatShare, readCount, readDuration, readRatio } from '../values.ts';
import { type SettingValues, setting } from './settings.ts';

/** Off, for a value that a configuration holds: it goes through JSON, which knows no infinity. */
const OFF = 0;

const orOff =
  (read: (text: string) => number | undefined) =>
  (text: string): number | undefined =>
    text === 'off' ? OFF : read(text);

const readStatuses = (text: string): readonly number[] | undefined => {
  if (text === 'off') return [];
  const statuses = text.split(',').map(part => (/^\s*5\d\d\s*$/.test(part) ? Number(part) : undefined));
  return statuses.every(status => status !== undefined) ? statuses : undefined;
};

const { balance, slowStart, health, retries } = DEFAULT_FLEET_SETTINGS;

/** How instances are picked, judged and tried again where tags say nothing else. */
export const TRAFFIC_SETTINGS = {
  balance: setting<BalanceName>({
    flag: '--balance <strategy>',
    env: ['SLUICE_BALANCE'],
    fallback: balance,
    read: text => BALANCE_NAMES.find(name => name === text),
    expected: BALANCE_NAMES.join(', '),
    help: `how an instance is picked among those of a version, unless a balance= tag says: ${BALANCE_NAMES.join(', ')}`,
  }),
  slowStart: setting({
    flag: '--slow-start <duration>',
    env: ['SLUICE_SLOW_START'],
    fallback: slowStart,
    fallbackText: formatDuration(slowStart),
    read: orOff(readDuration),
    expected: 'a duration, e.g. 30s, or off',
    help: 'how long a new instance takes to get its whole share, where others carry the rest',
  }),
  ejectAfter: setting({
    flag: '--eject-after <failures>',
    env: ['SLUICE_EJECT_AFTER'],
    fallback: health.failures,
    read: orOff(readCount),
    expected: 'a whole number from 1, e.g. 5, or off',
    help: 'failures in a row after which an instance gets no traffic for a while; with off nobody is ejected',
  }),
  ejectTime: setting({
    env: ['SLUICE_EJECT_TIME'],
    fallback: health.time,
    fallbackText: formatDuration(health.time),
    read: text => readDuration(text) || undefined,
    expected: 'a duration, e.g. 5s',
    help: 'how long the first ejection lasts; the next ones longer, up to 5m',
  }),
  retries: setting({
    flag: '--retries <count>',
    env: ['SLUICE_RETRIES'],
    fallback: retries.most,
    read: readRetries,
    expected: RETRIES_EXPECTED,
    help: 'attempts after the first, each at another instance, unless a retries= tag says',
  }),
  retryOn: setting<readonly number[]>({
    flag: '--retry-on <statuses>',
    env: ['SLUICE_RETRY_ON'],
    fallback: [...retries.on],
    fallbackText: [...retries.on].join(','),
    read: readStatuses,
    expected: 'statuses from 500 to 599 joined by commas, e.g. 502,503, or off',
    help: 'answers to idempotent requests after which another instance is asked',
  }),
  retryBudget: setting({
    flag: '--retry-budget <share>',
    env: ['SLUICE_RETRY_BUDGET'],
    fallback: retries.budget.share,
    fallbackText: formatShare(retries.budget.share),
    read: readRatio,
    expected: 'a share, e.g. 20%',
    help: 'retries a service may have, as a share of its requests of the last 10s',
  }),
  retryFloor: setting({
    env: ['SLUICE_RETRY_FLOOR'],
    fallback: retries.budget.perSecond,
    read: orOff(readCount),
    expected: 'a whole number from 1, e.g. 10, or off',
    help: 'retries a second that a service may have besides',
  }),
} as const;

export type TrafficSettings = SettingValues<typeof TRAFFIC_SETTINGS>;

export const fleetSettingsOf = (settings: TrafficSettings): FleetSettings => ({
  balance: settings.balance,
  slowStart: settings.slowStart,
  health: {
    failures: settings.ejectAfter === OFF ? Number.POSITIVE_INFINITY : settings.ejectAfter,
    time: settings.ejectTime,
  },
  retries: {
    most: settings.retries,
    on: new Set(settings.retryOn),
    budget: { share: settings.retryBudget, perSecond: settings.retryFloor },
  },
});
