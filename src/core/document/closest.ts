import { distance } from '../distance.ts';

/** The known word that was probably meant: it differs by case only, or by up to two letters. */
export const closest = (word: string, known: readonly string[]): string | undefined => {
  if (word.length > 64) return undefined;
  const lower = word.toLowerCase();
  const most = Math.min(2, Math.floor(word.length / 3));
  return known
    .map(candidate => ({ candidate, distance: distance(lower, candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= most)
    .sort((a, b) => a.distance - b.distance)[0]?.candidate;
};
