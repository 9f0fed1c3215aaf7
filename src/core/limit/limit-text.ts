import type { LimitKey, RateLimitFilter } from '../model/filter.ts';
import { formatDuration } from '../values.ts';

/**
 * A limit in one line, as its tag says it: `100/s`, `5/m,burst=2,by=address`. Two limits of a rule that read the same are the
 * same; where they are counted is not a part of it.
 */
export const limitText = ({ requests, window, burst, by }: RateLimitFilter): string =>
  [
    `${requests}/${formatDuration(window).replace(/^1(?=[a-z])/, '')}`,
    ...(burst === undefined || burst === requests ? [] : [`burst=${burst}`]),
    ...(by === undefined ? [] : [`by=${keyName(by)}`]),
  ].join(',');

const keyName = ({ of, name }: LimitKey): string => (name === undefined ? of : `${of}:${name}`);
