import type { Weights } from '../core/model/split.ts';
import { isVersionName, MAX_WEIGHT, readWeight } from '../core/model/weights.ts';
import { readDuration } from '../core/values.ts';
import { CliError } from './errors.ts';

/** What people type after `sluice weights`, read; each throws a CliError that says what was expected. */

export const readWeights = (pairs: readonly string[]): Weights => {
  const weights = new Map<string, number>();
  for (const pair of pairs) {
    const at = pair.lastIndexOf('=');
    const version = pair.slice(0, Math.max(at, 0));
    const weight = at < 0 ? undefined : readWeight(pair.slice(at + 1));
    if (!isVersionName(version) || weight === undefined) {
      throw new CliError(
        `"${pair}": expected VERSION=WEIGHT with a weight from 0 to ${MAX_WEIGHT}, e.g. v2=5`,
        2,
      );
    }
    if (weights.has(version)) throw new CliError(`"${pair}": ${version} is named twice`, 2);
    weights.set(version, weight);
  }
  return weights;
};

export const readCount = (text: string): number => {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 1 && count <= 1000) return count;
  throw new CliError(`--count "${text}": expected a whole number from 1 to 1000`, 2);
};

/** A whole number; 0 where it stands for "nothing yet". */
export const readRevision = (name: string, text: string, least: 0 | 1): number => {
  if (/^\d{1,15}$/.test(text) && Number(text) >= least) return Number(text);
  const hint = 'sluice weights history SERVICE shows them';
  throw new CliError(`${name} "${text}": expected a revision, a whole number from ${least}; ${hint}`, 2);
};

/** @returns milliseconds */
export const readFor = (text: string): number => {
  const ms = readDuration(text);
  if (ms === undefined) throw new CliError(`--for "${text}": expected a duration, e.g. 30m or 2h`, 2);
  return Math.round(ms);
};
