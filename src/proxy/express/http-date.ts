let second = 0;
let text = '';

/**
 * The time as `Date` has it (RFC 9110, 5.6.7), made once a second.
 *
 * @param now epoch milliseconds
 */
export const httpDate = (now: number): string => {
  const current = Math.floor(now / 1_000);
  if (current !== second) {
    second = current;
    text = new Date(now).toUTCString();
  }
  return text;
};
