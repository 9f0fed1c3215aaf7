import type { CanaryAnswer, VersionRates } from '../admin/canaries-api.ts';
import { formatShare } from '../core/values.ts';
import { table } from './print.ts';

/** One rollout, as `status` shows it. */
export const describeCanary = (canary: CanaryAnswer): string => {
  const { service, to, id, startedBy, startedAt, reason, outcome, why, verdict, next, paused, owed } = canary;
  const lines = [
    `${service} to ${to}: ${progressOf(canary)}  ${bar(canary)}`,
    `started by ${startedBy} at ${startedAt}${reason === undefined ? '' : ` (${reason})`}, "canary ${id}" in the ledger`,
  ];
  if (outcome !== undefined) lines.push(`${outcome}: ${why ?? ''}`);
  if (canary.step > 0) lines.push('', rates(canary));
  if (outcome === undefined) {
    if (canary.step > 0) lines.push('', `so far: ${verdict.outcome}; ${verdict.text}`);
    if (paused !== undefined) lines.push(`paused by ${paused.actor} at ${paused.at}`);
    lines.push(`next: ${next}`);
  }
  if (owed !== undefined)
    lines.push(`the webhook was not told yet: ${owed === 1 ? 'one message' : `${owed} messages`}`);
  return lines.join('\n');
};

/** All rollouts, a line each. */
export const describeCanaries = (canaries: readonly CanaryAnswer[]): string =>
  canaries.length === 0
    ? 'there was no rollout yet; begin one with sluice canary start'
    : table([
        ['SERVICE', 'TO', 'PROGRESS', 'STARTED', 'BY', 'NEXT'],
        ...canaries.map(canary => [
          canary.service,
          canary.to,
          progressOf(canary),
          canary.startedAt,
          canary.startedBy,
          canary.why ?? canary.next,
        ]),
      ]);

/** One line, for a log or a pipe. */
export const lineOf = (canary: CanaryAnswer): string =>
  `${progressOf(canary)}; ${brief(canary.canary)} against ${brief(canary.stable)}; next: ${canary.next}`;

export const progressOf = ({ outcome, step, steps, share, to, phase }: CanaryAnswer): string => {
  if (outcome !== undefined) return outcome;
  return step === 0 ? phase : `step ${step} of ${steps.length}, ${formatShare(share)} to ${to}`;
};

const WIDTH = 30;

/** `[=====>------]` of the time that the whole rollout takes at least. */
const bar = ({ outcome, step, steps, stepSeconds, everySeconds }: CanaryAnswer): string => {
  const inStep = Math.min(1, stepSeconds / everySeconds);
  const done = outcome === 'promoted' ? 1 : Math.max(0, step - 1 + (step > 0 ? inStep : 0)) / steps.length;
  const full = Math.floor(done * WIDTH);
  return `[${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}]`;
};

const rates = ({ canary, stable }: CanaryAnswer): string =>
  table([
    ['VERSION', 'REQUESTS', 'ERRORS', 'P99'],
    ...[canary, stable].map(each => [
      each.versions.join(', '),
      String(each.requests),
      formatShare(each.errorRate),
      latency(each),
    ]),
  ]);

const brief = (rates: VersionRates): string =>
  `${rates.versions.join(', ') || 'nothing'} ${rates.requests} requests, ${formatShare(rates.errorRate)} errors, p99 ${latency(rates)}`;

const latency = ({ p99Seconds }: VersionRates): string => {
  if (p99Seconds === undefined) return '-';
  return p99Seconds < 1
    ? `${Number((p99Seconds * 1000).toPrecision(3))} ms`
    : `${p99Seconds.toPrecision(3)} s`;
};
