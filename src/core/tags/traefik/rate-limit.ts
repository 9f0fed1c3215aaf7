import { limitFault, readLimitKey, readRequests } from '../../limit/read-limit.ts';
import type { LimitKey, RateLimitFilter } from '../../model/filter.ts';
import { readDuration } from '../../values.ts';
import type { Chain } from './chain.ts';
import type { Section } from './labels.ts';

const HEADER = 'sourcecriterion.requestheadername';

const KNOWN = ['average', 'period', 'burst', HEADER];

/**
 * The middleware `ratelimit`: by the client's address unless it names a header, one at once unless it says more, and each
 * gateway by itself, as each Traefik.
 *
 * @returns in words, why it cannot be applied
 */
export const applyRateLimit = (chain: Chain, options: Section): string | undefined => {
  const unknown = [...options].find(([key]) => !KNOWN.includes(key));
  if (unknown !== undefined) return `${unknown[1].tag}: this option of ratelimit is not supported`;
  const optionOf = (key: string): string | undefined => options.get(key)?.value;
  const average = optionOf('average') ?? '0';
  // Traefik's default: no limit at all.
  if (average === '0') return undefined;
  const requests = readRequests(average);
  const window = readPeriod(optionOf('period') ?? '1s');
  const burst = readRequests(optionOf('burst') ?? '1');
  const by = keyOf(optionOf(HEADER));
  if (requests === undefined) return 'ratelimit: average is a whole number';
  if (window === undefined) return 'ratelimit: period is a duration up to a day, e.g. 1m';
  if (burst === undefined) return 'ratelimit: burst is a whole number from 1';
  if (by === undefined) return 'ratelimit: requestheadername is the name of a header';
  const limit: RateLimitFilter = { type: 'rate-limit', requests, window, burst, by, isLocal: true };
  const fault = limitFault(limit);
  if (fault !== undefined) return `ratelimit: ${fault}`;
  chain.limits.push(limit);
  return undefined;
};

/** Milliseconds; a number without unit is seconds. */
const readPeriod = (text: string): number | undefined => {
  const period = readDuration(/^\d+$/.test(text) ? `${text}s` : text);
  return period === undefined || period <= 0 || period > 86_400_000 ? undefined : period;
};

const keyOf = (header: string | undefined): LimitKey | undefined =>
  header === undefined ? { of: 'address' } : readLimitKey(`header:${header}`);
