import { flawsOf, type Row, type Spread } from './figures.ts';

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The figures of one case: medians, with the smallest and largest of the rounds where they tell something. */
export const caseTable = (rows: readonly Row[], against: readonly string[]): Table => ({
  head: [
    'peer',
    'per second',
    'CPU µs each',
    ...against.flatMap(name => [`× ${name}`]),
    ...(against.length === 1 ? ['µs more'] : []),
    'p50 ms',
    'p99 ms',
    'p99.9 ms',
    'RSS MB',
    '',
  ],
  rows: rows.map(row => [
    row.peer,
    whole(row.perSecond.median),
    spreadText(row.cpu, 1),
    ...against.map(name => spreadText(row.ratios[name]?.times, 2)),
    ...(against.length === 1 ? [spreadText(row.ratios[against[0] ?? '']?.more, 1)] : []),
    row.p50.median.toFixed(2),
    row.p99.median.toFixed(2),
    row.p999.median.toFixed(2),
    row.rss === undefined ? '' : (row.rss.median / 1e6).toFixed(0),
    flawsOf(row).join('; '),
  ]),
});

const whole = (value: number): string => Math.round(value).toLocaleString('en');

const spreadText = (spread: Spread | undefined, digits: number): string => {
  if (spread === undefined) return '';
  const [median, min, max] = [spread.median, spread.min, spread.max].map(value => value.toFixed(digits));
  return min === max ? `${median}` : `${median} (${min}–${max})`;
};

/** Columns side by side: the first to the left, figures to the right. Empty columns are left out. */
export const asText = (table: Table): string => {
  const { head, rows } = withoutEmpty(table);
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map(row => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 || head[column] === '' ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd();
  return all.map(line).join('\n');
};

export const asMarkdown = (table: Table): string => {
  const { head, rows } = withoutEmpty(table);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  const rule = head.map((name, column) => (column === 0 || name === '' ? '---' : '---:'));
  return [head, rule, ...rows].map(line).join('');
};

const withoutEmpty = ({ head, rows }: Table): Table => {
  const isUsed = (_: string, column: number): boolean => rows.some(row => row[column] !== '');
  return { head: head.filter(isUsed), rows: rows.map(row => row.filter(isUsed)) };
};
