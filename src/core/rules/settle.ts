import { compareOrigins, originText } from '../model/origin.ts';
import type { Problem } from '../model/quarantine.ts';
import type { Rule } from '../model/rule.ts';
import type { SharedPart } from './carrier.ts';

/** One match that somebody asks for, with the rule that it becomes unless somebody else holds it. */
export interface Claim {
  readonly rule: Rule;
  /** Somebody could serve it now. */
  readonly isLive: boolean;
  /** Set where it would share the match with others of whom the same holds. */
  readonly shared?: SharedPart;
}

/**
 * Who gets a match that several ask for: a document before tags, whose incumbent keeps it while it has a live instance;
 * else those that live before those that don't. What is left is settled by age and name (core/origin).
 *
 * @param rivals at least one
 * @param incumbent the service that holds it now
 */
export const settle = (rivals: readonly Claim[], incumbent: string | undefined): Claim => {
  const [first, second] = rivals;
  if (second === undefined) return first as Claim;
  const rank = ({ rule: { origin }, isLive }: Claim): number => {
    if (origin.from === 'document') return 0;
    if (isLive) return origin.service === incumbent ? 1 : 2;
    return 3;
  };
  return [...rivals].sort(
    (a, b) => rank(a) - rank(b) || compareOrigins(a.rule.origin, b.rule.origin),
  )[0] as Claim;
};

/** What is told of those who did not get it. */
export const conflict = ({ rule: { id, origin } }: Claim, { rule: winner }: Claim): Problem => {
  const isTags = origin.from === 'tags';
  const holder =
    isTags && winner.origin.from === 'tags'
      ? `service "${winner.origin.service}"`
      : originText(winner.origin);
  return {
    kind: 'conflict',
    owner: isTags ? origin.service : origin.name,
    ...(isTags ? { service: origin.service } : { place: origin.place }),
    subject: id,
    reason: `${holder} holds this match; give one of the two another path or host`,
  };
};
