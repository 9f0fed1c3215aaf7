/**
 * What went wrong between us and Consul:
 * - `unreachable`: no connection, or it broke
 * - `timeout`: no (whole) answer before the deadline
 * - `forbidden`: the ACL token is missing, unknown or too weak
 * - `http`: a status other than 2xx
 * - `bad_answer`: a 2xx that is not what Consul's API documents
 */
export type ConsulFailure = 'unreachable' | 'timeout' | 'forbidden' | 'http' | 'bad_answer';

/** A call to Consul that failed. Message and hint are for people, one line each, and never hold the token. */
export class ConsulError extends Error {
  readonly kind: ConsulFailure;
  readonly hint: string;
  /** HTTP status, where there was an answer. */
  readonly status: number | undefined;

  constructor(kind: ConsulFailure, message: string, options: { hint: string; status?: number }) {
    super(message);
    this.name = 'ConsulError';
    this.kind = kind;
    this.hint = options.hint;
    this.status = options.status;
  }
}

/** The agent does not know the check: it has forgotten the registration, or never had it. */
export class CheckUnknown extends ConsulError {
  constructor(checkId: string, status: number | undefined) {
    super('http', `Consul does not know the check "${checkId}"`, {
      hint: 'register the service again',
      ...(status === undefined ? {} : { status }),
    });
    this.name = 'CheckUnknown';
  }
}

/** Failure and hint in one line, for logs. */
export const describeFailure = (error: unknown): string =>
  error instanceof ConsulError ? `${error.message}: ${error.hint}` : String(error);
