import type { LimitKey, RateLimitFilter } from '../model/filter.ts';

/** How limits are spelled, the same in tags and documents. Each reader gives the value, or undefined where the text is none. */

export const MOST_REQUESTS = 1_000_000;

export const WINDOWS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds. */
const LONGEST_WINDOW = WINDOWS.d;

/** So long a caller takes at most to earn its burst, in milliseconds: what is owed stays a number that Redis can count. */
const LONGEST_DEPTH = 30 * WINDOWS.d;

/** `100/s`, `5/m`, `1000/h`, `10/30s`. */
export const readRate = (text: string): Pick<RateLimitFilter, 'requests' | 'window'> | undefined => {
  const [, count = '', times = '', unit = 's'] = /^(\d{1,7})\/(\d{0,5})([smhd])$/.exec(text) ?? [];
  const requests = readRequests(count);
  const window = (times === '' ? 1 : Number(times)) * WINDOWS[unit as keyof typeof WINDOWS];
  if (requests === undefined || window === 0 || window > LONGEST_WINDOW) return undefined;
  return { requests, window };
};

export const readRequests = (text: string): number | undefined => {
  const requests = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  return requests >= 1 && requests <= MOST_REQUESTS ? requests : undefined;
};

/** `address`, `header:NAME`, `cookie:NAME`. */
export const readLimitKey = (text: string): LimitKey | undefined => {
  if (text === 'address') return { of: text };
  const [, of, name = ''] = /^(header|cookie):([!#$%&'*+.^_`|~\w-]{1,128})$/.exec(text) ?? [];
  if (of === 'header') return { of, name: name.toLowerCase() };
  return of === 'cookie' ? { of, name } : undefined;
};

export const KEY_EXPECTED = 'address, header:NAME or cookie:NAME';

/** What is wrong with a limit as a whole. */
export const limitFault = ({ requests, window, burst = requests }: RateLimitFilter): string | undefined =>
  (burst * window) / requests > LONGEST_DEPTH
    ? 'at this rate it takes more than 30 days until so many requests may come at once: lower the burst'
    : undefined;
