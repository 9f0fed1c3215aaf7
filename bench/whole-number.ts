/** @throws where the text that `--name` was given is no whole number above 0 */
export const wholeNumber = (name: string, text: string | undefined): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`--${name} "${text}": expected a whole number above 0`);
};
