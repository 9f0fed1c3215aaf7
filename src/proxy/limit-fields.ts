import type { Verdict } from '../core/limit/verdict.ts';

/**
 * `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers), of which the second tells of the limit that
 * leaves least; and `Retry-After` where the request was turned away (RFC 6585, 4), which says the same as the draft's `t`.
 *
 * @returns name, value, name, value …
 */
export const limitFields = (verdict: Verdict): readonly string[] => {
  const { limit, limits, isAdmitted, remaining, resetSeconds } = verdict;
  const policy = limits.length === 1 ? limit.policy : limits.map(each => each.policy).join(', ');
  const fields = [
    'RateLimit-Policy',
    policy,
    'RateLimit',
    `"${limit.text}";r=${remaining};t=${resetSeconds}`,
  ];
  if (!isAdmitted) fields.push('Retry-After', `${resetSeconds}`);
  return fields;
};
