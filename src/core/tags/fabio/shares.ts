/**
 * How Fabio shares a route's traffic among its instances (fabio, route/route.go): those with a weight have that fraction
 * of it, those without share the rest evenly. Fractions that sum to more than 1, or that leave nobody for the rest, are
 * read as shares of their sum.
 *
 * @param fractions each above 0, or undefined for none
 * @returns the share of each, in [0, 1]; they sum to 1
 */
export const sharesOf = (fractions: readonly (number | undefined)[]): number[] => {
  const fixed = fractions.reduce<number>((sum, fraction) => sum + (fraction ?? 0), 0);
  const free = fractions.filter(fraction => fraction === undefined).length;
  const scale = free === 0 || fixed > 1 ? fixed : 1;
  const rest = free === 0 ? 0 : Math.max(0, 1 - fixed) / free;
  return fractions.map(fraction => (fraction === undefined ? rest : fraction / scale));
};
