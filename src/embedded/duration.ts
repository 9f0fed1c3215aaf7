/** Units of Go's time.ParseDuration in milliseconds. */
const UNITS = new Map([
  ['ns', 1e-6],
  ['us', 1e-3],
  ['µs', 1e-3],
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
]);

const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/gy;

/**
 * A duration as Consul's API spells it: Go's notation, parts in a row (`1m30s`, `500ms`, `-5s`).
 *
 * @returns milliseconds, or undefined where the text is none; a number needs its unit, except 0
 */
export const parseGoDuration = (text: string): number | undefined => {
  const [, sign, body] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (body === undefined || body === '') return undefined;
  const factor = sign === '-' ? -1 : 1;
  if (body === '0') return 0;
  let total = 0;
  let read = 0;
  for (const [part, figure, unit] of body.matchAll(PART)) {
    total += Number(figure) * (UNITS.get(unit ?? '') ?? Number.NaN);
    read += part.length;
  }
  return read === body.length && Number.isFinite(total) ? factor * total : undefined;
};
