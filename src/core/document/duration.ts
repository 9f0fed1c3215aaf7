import type { Field } from './field.ts';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/**
 * A Duration of the Gateway API (GEP-2257) in milliseconds: up to four parts of up to five digits, each with its
 * unit, in any order: `1h30m`, `500ms`. 0 is told by `0s`.
 */
export const readDuration = (field: Field): number | undefined => {
  const text = field.text({
    most: 32,
    pattern: /^([0-9]{1,5}(h|m|s|ms)){1,4}$/,
    expected: 'a duration of up to four parts with units h, m, s or ms, e.g. 500ms or 1m30s',
  });
  if (text === undefined) return undefined;
  let sum = 0;
  for (const [, digits, unit = ''] of text.matchAll(/([0-9]+)(ms|h|m|s)/g))
    sum += Number(digits) * (UNITS[unit] ?? 0);
  return sum;
};
