import { type Loads, pickTarget } from './balance.ts';
import type { ErrorCode } from './errors.ts';
import type { Target } from './model.ts';

/** An attempt that ended before a byte of its response went to the caller. */
export interface FailedAttempt {
  readonly target: Target;
  readonly code: ErrorCode;
  /** A part of the request may have reached the instance. */
  readonly sent: boolean;
  /** The connection had carried a request before, so its end may be a keep-alive time-out and nothing else. */
  readonly reused: boolean;
}

/** What a retry must know of the request. */
export interface Retryable {
  readonly method: string;
  /** A part of its body was taken from the caller and not kept. */
  readonly isBodyLost: boolean;
}

const MAX_RETRIES = 2;

/** RFC 9110, 9.2.2. */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/**
 * Where a request goes after its attempts so far failed, or undefined when the last failure is the answer.
 *
 * What never reached an instance may go to another, whatever its method. What was cut off may go again only if
 * doing it twice is harmless and nothing of a body is lost. An answer, even a bad or a late one, is an answer.
 *
 * @param failures in order, at least one
 * @param chance draws from [0, 1)
 */
export const nextTarget = (
  request: Retryable,
  failures: readonly FailedAttempt[],
  candidates: readonly Target[],
  loads: Loads,
  chance: () => number,
): Target | undefined => {
  const last = failures[failures.length - 1];
  if (last === undefined || failures.length > MAX_RETRIES || !mayGoAgain(request, last)) return undefined;
  const untried = candidates.filter(c => !failures.some(f => f.target.instance.id === c.instance.id));
  if (untried.length > 0) return pickTarget(untried, loads, chance);
  return isFirstStale(failures) ? last.target : undefined;
};

const mayGoAgain = ({ method, isBodyLost }: Retryable, { code, sent }: FailedAttempt): boolean => {
  if (isBodyLost) return false;
  if (!sent) return code === 'connect_failed' || code === 'overloaded';
  return code === 'upstream_reset' && IDEMPOTENT.has(method);
};

/** Alone as it is, an instance that closed an idle connection deserves one more try, on a new connection. */
const isFirstStale = (failures: readonly FailedAttempt[]): boolean => {
  const last = failures[failures.length - 1];
  return (
    last?.reused === true &&
    failures.filter(f => f.target.instance.id === last.target.instance.id).length === 1
  );
};
