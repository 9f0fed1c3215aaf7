import { KEY_EXPECTED, limitFault, readLimitKey, readRate, readRequests } from '../../limit/read-limit.ts';
import type { RateLimitFilter } from '../../model/filter.ts';
import { fatal, type TagReader } from './reader.ts';

type Limit = { -readonly [K in keyof RateLimitFilter]: RateLimitFilter[K] };

/** Takes one option in, or says what it should have been. */
type OptionReader = (value: string, limit: Limit) => string | undefined;

const OPTIONS: ReadonlyMap<string, OptionReader> = new Map<string, OptionReader>([
  [
    'burst',
    (value, limit) => {
      const burst = readRequests(value);
      if (burst === undefined) return 'burst is a whole number from 1, e.g. burst=20';
      limit.burst = burst;
      return undefined;
    },
  ],
  [
    'by',
    (value, limit) => {
      const by = readLimitKey(value);
      if (by === undefined) return `by is ${KEY_EXPECTED}, e.g. by=address`;
      limit.by = by;
      return undefined;
    },
  ],
  [
    'scope',
    (value, limit) => {
      if (value === 'local') limit.isLocal = true;
      return value === 'local' || value === 'shared' ? undefined : 'scope is shared or local';
    },
  ],
]);

/** Served without it, an instance would have no protection: a bad one is fatal. */
export const readRateLimitTag: TagReader = (value, read) => {
  const [text = '', ...options] = value.split(',').map(part => part.trim());
  const rate = readRate(text);
  if (rate === undefined)
    return fatal('a limit is requests per s, m, h or d, at most per day, e.g. rate-limit=100/s');
  const limit: Limit = { type: 'rate-limit', ...rate };
  for (const option of options) {
    const [name = '', said = ''] = option.split('=', 2);
    const reader = OPTIONS.get(name.trim().toLowerCase());
    if (reader === undefined) return fatal(`"${option}" is no option of a limit: burst=, by=, scope=`);
    const fault = reader(said.trim(), limit);
    if (fault !== undefined) return fatal(fault);
  }
  const fault = limitFault(limit);
  if (fault !== undefined) return fatal(fault);
  read.limits.push(limit);
  return undefined;
};
