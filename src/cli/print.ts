/** Columns as wide as their widest cell, two spaces between; the first row is the head. */
export const table = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => (row[column] ?? '').length)));
  return rows
    .map(row =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};

/** `v1 95, v2 5` of weights as they were written, in the order of their versions: a hash of Redis has none. */
export const weightsText = (weights: Readonly<Record<string, string | number>>): string =>
  Object.entries(weights)
    .sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
    .map(([version, weight]) => `${version} ${weight}`)
    .join(', ') || 'none';

export const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

export const printJson = (value: unknown): void => print(JSON.stringify(value, null, 2));
