import type { ErrorCode } from '../core/errors.ts';

/**
 * How one hop tells the hop before it that an answer is its own and stands for a failed attempt, so that the failure
 * is judged where another instance can be asked: `Sluice-Failed: ID CODE sent|unsent`.
 *
 * A status alone can't say so. A program may answer 502 by itself, after it has done something; only the hop beside it
 * knows that the program got nothing, and then even a POST may go elsewhere. ID is what the asking hop wrote into
 * `Via`: an answer that a program passes on from a call of its own names somebody else, and no hop lets the field
 * through, so nobody mistakes another's failure for that of the request at hand.
 */
export const HOP_FAILURE = 'Sluice-Failed';

export interface HopFailure {
  readonly code: ErrorCode;
  /** A part of the request may have reached the program. */
  readonly sent: boolean;
}

/** What fails between a hop and what is behind it; everything else is an answer to the caller. */
const OF_ATTEMPTS: ReadonlySet<string> = new Set<ErrorCode>([
  'connect_failed',
  'upstream_reset',
  'bad_response',
  'upstream_timeout',
  'overloaded',
]);

/**
 * @param via the request's, as received
 * @param code of the answer
 * @param attempts what sums up the attempts before it; undefined where none was made
 * @returns undefined where there is nothing to tell, or nobody who would understand
 */
export const tellFailure = (
  via: string | undefined,
  code: ErrorCode,
  attempts: HopFailure | undefined,
): string | undefined => {
  const asking = via
    ?.slice(via.lastIndexOf(',') + 1)
    .trim()
    .split(/\s+/)[1];
  if (asking === undefined || !isOfAttempts(code)) return undefined;
  const told = attempts ?? { code, sent: false };
  return `${asking} ${told.code} ${told.sent ? 'sent' : 'unsent'}`;
};

/**
 * @param ownVia the reader's id
 * @returns undefined where it was told to somebody else
 */
export const readFailure = (told: string, ownVia: string): HopFailure | undefined => {
  const [asking, code = '', reach] = told.split(' ');
  if (asking !== ownVia || !isOfAttempts(code)) return undefined;
  return { code, sent: reach !== 'unsent' };
};

const isOfAttempts = (code: string): code is ErrorCode => OF_ATTEMPTS.has(code);
