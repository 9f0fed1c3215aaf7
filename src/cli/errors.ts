import { CanaryError } from '../core/canary.ts';
import { WeightsError } from '../core/model/weights.ts';
import { ConfigError } from '../core/settings/settings.ts';

/** What went wrong, for a person: one line that says what, where, and what to do. */
export class CliError extends Error {
  /**
   * 1: the command could not do it. 2: it was not asked rightly, or can't go on. 3: somebody else's change or freeze
   * stands in the way.
   */
  readonly exitCode: 1 | 2 | 3;

  constructor(message: string, exitCode: 1 | 2 | 3 = 1) {
    super(message);
    this.name = 'CliError';
    this.exitCode = exitCode;
  }
}

/** Every failure of a command ends here: clear lines on stderr, and the exit code. */
export const reportFailure = (error: unknown, write: (line: string) => void): number => {
  if (error instanceof ConfigError) {
    for (const problem of error.problems) write(`sluice: ${problem}`);
    return 2;
  }
  if (error instanceof CliError || error instanceof WeightsError || error instanceof CanaryError) {
    write(`sluice: ${error.message}`);
    if (error instanceof CliError) return error.exitCode;
    return error.code === 'conflict' || error.code === 'frozen' ? 3 : 1;
  }
  write(`sluice: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return 1;
};
