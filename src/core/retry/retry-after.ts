/**
 * `Retry-After` (RFC 9110, 10.2.3): seconds, or a date.
 *
 * @param now epoch milliseconds
 * @returns milliseconds from now, or undefined where it says neither
 */
export const readRetryAfter = (value: string, now: number): number | undefined => {
  const text = value.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  // Date.parse takes far more than dates; only the RFC's begin with the name of a day.
  const at = /^[A-Z][a-z]{2,8},? /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
};
