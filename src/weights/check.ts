import type { Weights } from '../core/model/split.ts';
import {
  type Act,
  type Change,
  isVersionName,
  MAX_VERSIONS,
  MAX_WEIGHT,
  readWeight,
  WeightsError,
} from '../core/model/weights.ts';

/** Whether a text can be the name of a service. */
export const isServiceName = (text: string): boolean => /^\P{Cc}{1,255}$/u.test(text);

/** @throws WeightsError where the name could not be that of a service */
export const checkService = (service: string): void => {
  if (!isServiceName(service)) {
    refuse('a service name has 1 to 255 printable characters, e.g. orders');
  }
};

const SHORTEST_MS = 1_000;
const LONGEST_MS = 20 * 24 * 3_600_000;

/** @throws WeightsError naming the first thing that is wrong */
export const checkAct = ({ actor, reason = '', expectRevision = 0 }: Act): void => {
  if (actor.length < 1 || actor.length > 100) refuse('say who makes the change (1 to 100 characters)');
  if (reason.length > 500) refuse('the reason is too long: at most 500 characters');
  if (!Number.isSafeInteger(expectRevision) || expectRevision < 0) {
    refuse('the expected revision is a whole number, 0 for a service that nobody has changed yet');
  }
};

/** @throws WeightsError naming the first thing that is wrong */
export const checkChange = (change: Change): void => {
  checkAct(change);
  const { forMs = SHORTEST_MS } = change;
  if (!(forMs >= SHORTEST_MS && forMs <= LONGEST_MS)) refuse('a change is for 1s to 480h (20 days)');
};

/**
 * The weights as they are written.
 *
 * @throws WeightsError naming the first thing that is wrong
 */
export const writeWeights = (weights: Weights): (readonly [version: string, weight: string])[] => {
  if (weights.size === 0)
    refuse('name at least one version, e.g. v1=95 v2=5; to drop all weights, clear them');
  if (weights.size > MAX_VERSIONS) refuse(`${weights.size} versions are too many: at most ${MAX_VERSIONS}`);
  return [...weights].map(([version, weight]) => {
    const text = String(weight);
    const problem = judgeField(version, text);
    if (problem !== undefined) refuse(problem);
    return [version, text] as const;
  });
};

/** What is wrong with one field of the hash, or undefined where nothing is. */
export const judgeField = (version: string, weight: string): string | undefined => {
  if (!isVersionName(version)) {
    return `"${shorten(version)}" is no version name (letters, digits, ".", "_" and "-", e.g. v2)`;
  }
  if (readWeight(weight) === undefined) {
    return `the weight of ${version}, "${shorten(weight)}", is not a number from 0 to ${MAX_WEIGHT}`;
  }
  return undefined;
};

const shorten = (text: string): string => {
  const printable = text.replace(/\p{Cc}/gu, '?');
  return printable.length > 40 ? `${printable.slice(0, 40)}…` : printable;
};

const refuse = (message: string): never => {
  throw new WeightsError('refused', message);
};
