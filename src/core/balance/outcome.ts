/**
 * The one place where attempts are judged: whether the instance is blamed, and whether the request may be tried
 * again. What the caller is told follows from the code alone (errors.ts).
 */
import { ERRORS, type ErrorCode } from '../errors.ts';
import type { RetryRule } from '../model/traffic.ts';

/** What one attempt says about its instance; `spared` is nothing, good or bad. */
export type Verdict = 'well' | 'failed' | 'spared';

/** Answers of a server in order to requests that it does not take: RFC 9110 (501, 505), 2295, 5842, 2774, 6585. */
const NOT_ITS_FAULT: ReadonlySet<number> = new Set([501, 505, 506, 508, 510, 511]);

/** A 500 counts as well: an instance that answers every request with one is as lost as one that answers none. */
export const judgeStatus = (status: number): Verdict =>
  status < 500 || NOT_ITS_FAULT.has(status) ? 'well' : 'failed';

const BLAMED: ReadonlySet<ErrorCode> = new Set([
  'connect_failed',
  'upstream_reset',
  'bad_response',
  'upstream_timeout',
]);

/**
 * Everything else was the caller's doing or ours.
 *
 * @param isStale the connection had been idle and ended before a byte of the answer, as every server closes those some time
 */
export const judgeFailure = (code: ErrorCode, isStale: boolean): Verdict =>
  BLAMED.has(code) && !(isStale && code === 'upstream_reset') ? 'failed' : 'spared';

/** What a retry must know of the request. */
export interface Retryable {
  readonly method: string;
  /** A part of its body was taken from the caller and not kept. */
  readonly isBodyLost: boolean;
}

/** RFC 9110, 9.2.2. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** What a rule that wants its requests tried again means by a connection error, whatever its codes (GEP-1731). */
const CONNECTION_ERRORS: ReadonlySet<ErrorCode> = new Set(['upstream_reset', 'upstream_timeout']);

/**
 * What never reached an instance may go to another, whatever its method. What may have been done goes again only
 * if doing it twice is harmless: after a reset, or after a failure whose status is among the chosen ones; or if the
 * rule says so.
 *
 * @param sent a part of the request may have reached the instance
 */
export const mayFollowFailure = (
  code: ErrorCode,
  sent: boolean,
  request: Retryable,
  retryOn: ReadonlySet<number>,
  rule?: RetryRule,
): boolean => {
  if (request.isBodyLost) return false;
  if (!sent) return code === 'connect_failed' || code === 'overloaded' || code === 'upstream_reset';
  if (rule !== undefined) {
    return CONNECTION_ERRORS.has(code) || (BLAMED.has(code) && names(rule, ERRORS[code].status));
  }
  const isWorthIt = code === 'upstream_reset' || (BLAMED.has(code) && retryOn.has(ERRORS[code].status));
  return isWorthIt && IDEMPOTENT.has(request.method);
};

const UNANSWERED: ReadonlySet<ErrorCode> = new Set(['connect_failed', 'upstream_reset']);

/**
 * What the caller is told where no attempt follows. 502 speaks of an invalid response (RFC 9110, 15.6.3); after retries that
 * the rule asked for, and which all ended without any response, what is left to say is that the service is not available for
 * now (15.6.4), as the Gateway API's conformance suite wants it.
 *
 * @param attempts that failed
 */
export const summaryOf = (code: ErrorCode, attempts: number, rule: RetryRule | undefined): ErrorCode =>
  rule !== undefined && attempts > 1 && UNANSWERED.has(code) ? 'retries_spent' : code;

/** Whether another instance is asked instead of passing this answer on. */
export const mayFollowStatus = (
  status: number,
  { method, isBodyLost }: Retryable,
  retryOn: ReadonlySet<number>,
  rule?: RetryRule,
): boolean => {
  if (isBodyLost) return false;
  return rule === undefined ? retryOn.has(status) && IDEMPOTENT.has(method) : names(rule, status);
};

const names = ({ codes }: RetryRule, status: number): boolean => codes?.includes(status) === true;
