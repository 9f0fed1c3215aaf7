import type { Judge } from '../limit/rate-limiter.ts';
import type { Sessions } from '../route/route-session.ts';
import type { Sequences } from '../split/draw.ts';

/** How a request's version is picked before the split is asked: the same for all rules of a process. */
export interface Picking {
  /** The header by which a request pins its version, in lower case; undefined where none does. */
  readonly pinHeader: string | undefined;
  /** Whether `/v2/orders` is `/orders` at v2. */
  readonly pinsByPath: boolean;
  /** Mixed into what is hashed of a caller; the same wherever callers are to have the same version. */
  readonly stickyKey: string;
  /** The value of a cookie for a caller that has none; undefined where no cookies are given. */
  readonly newCookie?: () => string;
  /** What shares are drawn from; where left out, each draw is by chance alone. */
  readonly sequences?: Sequences;
  /** Keeps the limits of rules; where left out, nothing is limited. */
  readonly limits?: Judge;
  /** By what sessions are kept; undefined where there are none. */
  readonly sessions?: Sessions;
}

export const DEFAULT_PIN_HEADER = 'x-version';
export const DEFAULT_STICKY_KEY = 'sluice';

/** No request names its version, and nobody is given a cookie. */
export const NO_PINS: Picking = { pinHeader: undefined, pinsByPath: false, stickyKey: DEFAULT_STICKY_KEY };
