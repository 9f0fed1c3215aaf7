import { KEY_EXPECTED, limitFault, MOST_REQUESTS, readLimitKey, WINDOWS } from '../limit/read-limit.ts';
import type { LimitKey, RateLimitFilter } from '../model/filter.ts';
import type { Field } from './field.ts';

const UNITS = {
  Second: WINDOWS.s,
  Minute: WINDOWS.m,
  Hour: WINDOWS.h,
  Day: WINDOWS.d,
} as const;

const UNIT_NAMES = Object.keys(UNITS) as (keyof typeof UNITS)[];

/** A filter of ours: the Gateway API has none for limits. */
export const readRateLimit = (field: Field): RateLimitFilter | undefined => {
  const of = field.object('requests', 'unit', 'burst', 'by', 'scope');
  const requests =
    of.requests === undefined
      ? field.missing('requests', 'how many may come in one unit of time, e.g. 100')
      : of.requests.integer(1, MOST_REQUESTS);
  const unit =
    of.unit === undefined ? field.missing('unit', UNIT_NAMES.join(', ')) : of.unit.oneOf(...UNIT_NAMES);
  const burst = of.burst?.integer(1, MOST_REQUESTS);
  const by = of.by && readBy(of.by);
  const scope = of.scope?.oneOf('shared', 'local');
  if (requests === undefined || unit === undefined) return undefined;
  const limit: RateLimitFilter = {
    type: 'rate-limit',
    requests,
    window: UNITS[unit],
    ...(burst === undefined ? {} : { burst }),
    ...(by === undefined ? {} : { by }),
    ...(scope === 'local' ? { isLocal: true } : {}),
  };
  const fault = limitFault(limit);
  if (fault !== undefined) field.error(fault);
  return limit;
};

const readBy = (field: Field): LimitKey | undefined => {
  const text = field.text({ most: 160, expected: KEY_EXPECTED });
  if (text === undefined) return undefined;
  return readLimitKey(text) ?? field.error(`expected ${KEY_EXPECTED}, not "${text}"`);
};
