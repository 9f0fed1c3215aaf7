/**
 * What went wrong with a command to a rollout: `refused` for what can't be right, or not now; `unavailable` where Redis
 * or every gateway is away.
 */
export class CanaryError extends Error {
  readonly code: 'refused' | 'unavailable';

  /** @param message ends with a hint for the operator */
  constructor(code: CanaryError['code'], message: string, options?: { cause: unknown }) {
    super(message, options);
    this.name = 'CanaryError';
    this.code = code;
  }
}
