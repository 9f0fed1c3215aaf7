import { type Hashable, hash32, keyText, mix32 } from '../hash.ts';
import type { Sticky } from '../model/traffic.ts';

/**
 * What a caller is known by, as a number that every process with the same key makes of it.
 *
 * @param key keeps outsiders from working out what to send for a version of their choice
 * @returns undefined where the request does not tell who it is from
 */
export const callerOf = (sticky: Sticky, request: Hashable, key: string): number | undefined => {
  const text = keyText(sticky, request);
  return text === undefined || text === '' ? undefined : callerHash(text, key);
};

/** As `callerOf`, for what the caller will be known by from now on. */
export const callerHash = (text: string, key: string): number => hash32(`${key}\n${text}`);

/** Something that has a part of the callers. */
export interface Part {
  readonly share: number;
  /** Its own, wherever and whenever it is made: of its name. */
  readonly seed: number;
}

export const seedOf = (service: string, version: string): number => hash32(`${service}\n${version}`);

/**
 * Weighted rendezvous hashing (Schindelhauer and Schomaker, "Weighted Distributed Hash Tables", 2005): each part has a
 * score for the caller, the highest has the caller. A caller moves from one part to another only if the other's share has
 * grown against the one's: who raises one version moves callers to that version and nowhere else.
 *
 * @returns undefined when every share is 0; a part whose share is 0 is never returned
 */
export const chooseForCaller = <T extends Part>(parts: readonly T[], caller: number): T | undefined => {
  let best: T | undefined;
  let highest = 0;
  for (const part of parts) {
    if (part.share <= 0) continue;
    const score = -part.share / Math.log((mix32(part.seed ^ caller) + 0.5) / 2 ** 32);
    if (score <= highest) continue;
    highest = score;
    best = part;
  }
  return best;
};
