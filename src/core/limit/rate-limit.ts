import type { LimitKey, RateLimitFilter } from '../model/filter.ts';
import type { Counted, LimitState } from './limit-state.ts';
import { limitText } from './limit-text.ts';

/** A limit of one rule, ready for requests. */
export class RateLimit implements Counted {
  readonly interval: number;
  readonly depth: number;
  readonly isShared: boolean;
  readonly by: LimitKey | undefined;
  readonly route: string;
  readonly text: string;
  /** The item of `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers, 3). */
  readonly policy: string;
  /** Outlives the table: kept by the rate limiter. */
  state: LimitState | undefined = undefined;

  /** @param route the id of its rule */
  constructor(route: string, filter: RateLimitFilter) {
    const { requests, window, burst = requests, by, isLocal = false } = filter;
    this.interval = window / requests;
    this.depth = burst * this.interval;
    this.isShared = !isLocal;
    this.by = by;
    this.route = route;
    this.text = limitText(filter);
    const seconds = Math.ceil(window / 1_000);
    const quota = Math.floor((requests * seconds * 1_000) / window);
    this.policy = `"${this.text}";q=${quota};w=${seconds}`;
  }

  get id(): string {
    return `${this.route} ${this.text}`;
  }
}
