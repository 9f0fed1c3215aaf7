import { parseArgs } from 'node:util';
import { readDuration } from '../../src/core/values.ts';

export interface Arguments {
  /** Real Consul and Redis instead of what `sluice dev` has built in. */
  readonly real: boolean;
  /** Milliseconds after which the demo ends by itself. */
  readonly duration?: number;
}

export const USAGE = `npm run demo -- [--real] [--for 30s]

  --real       with real Consul and Redis (installed where they are missing) instead of the built-in ones
  --for 30s    ends by itself after so long`;

/** @returns what is wrong, where anything is */
export const readArguments = (args: readonly string[]): Arguments | { readonly problem: string } => {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { real: { type: 'boolean' }, for: { type: 'string' } },
    });
    const duration = values.for === undefined ? undefined : readDuration(values.for);
    if (values.for !== undefined && duration === undefined) {
      return { problem: `--for "${values.for}": expected a duration, e.g. 30s` };
    }
    return { real: values.real ?? false, ...(duration === undefined ? {} : { duration }) };
  } catch (error) {
    return { problem: (error as Error).message };
  }
};
