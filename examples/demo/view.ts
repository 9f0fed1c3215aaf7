import type { Hint } from './commands.ts';
import type { Dial } from './dial.ts';
import type { Figures, Window } from './traffic.ts';

/** What moves. */
export interface Picture {
  /** As they were set. */
  readonly weights: string;
  readonly rows: readonly Row[];
  readonly total: Figures;
}

/** What stands around it. */
export interface Surroundings {
  readonly title: string;
  readonly hints: readonly Hint[];
  /** What else there is to know, a line each. */
  readonly notes: readonly string[];
}

interface Row {
  readonly version: string;
  /** Shares in [0, 1]. */
  readonly asked: number;
  readonly seen: number;
  readonly live: number;
  readonly figures: Figures;
}

/** A row for every version that is live, was asked for, or answered lately. */
export const pictureOf = (dial: Dial, window: Window, now: number): Picture => {
  const names = new Set([
    ...dial.versions.map(({ version }) => version),
    ...Object.keys(dial.weights ?? {}),
    ...window.versions(),
  ]);
  const rows = [...names].sort().map(version => {
    const { share = 0, live = 0 } = dial.versions.find(known => known.version === version) ?? {};
    return { version, asked: share, live, figures: window.figures(now, version) };
  });
  const answered = rows.reduce((sum, { figures }) => sum + figures.requests, 0);
  return {
    weights: weightsText(dial),
    rows: rows.map(row => ({ ...row, seen: answered === 0 ? 0 : row.figures.requests / answered })),
    total: window.figures(now),
  };
};

const weightsText = ({ weights }: Dial): string =>
  weights === undefined
    ? 'none set'
    : Object.entries(weights)
        .map(([version, weight]) => `${version}=${weight}`)
        .join(' ');

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const ms = (value: number | undefined): string => (value === undefined ? '-' : `${value.toFixed(1)} ms`);

/** For pipes and logs: all of it in one line. */
export const plainLine = ({ weights, rows, total }: Picture): string => {
  const per = (cell: (row: Row) => string): string =>
    rows.map(row => `${row.version} ${cell(row)}`).join(', ');
  return [
    `weights ${weights}`,
    `asked ${per(({ asked }) => percent(asked))}`,
    `seen ${per(({ seen }) => percent(seen))}`,
    `${total.perSecond.toFixed(1)} req/s`,
    `errors ${total.errors}`,
    `p50 ${ms(total.p50)}`,
    `p99 ${ms(total.p99)}`,
    `live ${per(({ live }) => String(live))}`,
  ].join(' | ');
};

/** For terminals: to be drawn over the last one. */
export const frame = (
  { title, hints, notes, weights, rows, total }: Picture & Surroundings,
  paint: Paint,
): string[] => [
  paint.bold(title),
  '',
  `orders  weights ${paint.bold(weights)}   what callers saw in the last 10 s:`,
  paint.dim(columns(['', 'asked', 'seen', '', 'req/s', 'errors', 'p50', 'p99', 'live'])),
  ...rows.map(({ version, asked, seen, live, figures }) =>
    columns([
      version,
      percent(asked),
      percent(seen),
      paint.accent(bar(seen)),
      ...cells(figures, paint),
      String(live),
    ]),
  ),
  columns(['all', '', '', bar(), ...cells(total, paint), '']),
  '',
  ...hints.flatMap(({ about, lines }) => [paint.dim(about), ...lines.map(line => `  ${line}`)]),
  '',
  ...[...notes, 'Ctrl-C ends it all.'].map(paint.dim),
];

const cells = ({ perSecond, errors, p50, p99 }: Figures, paint: Paint): string[] => [
  perSecond.toFixed(1),
  errors === 0 ? '0' : paint.alarm(String(errors)),
  ms(p50),
  ms(p99),
];

const BAR = 14;
/** Together with the gaps within the 80 columns of a plain terminal. */
const WIDTHS = [4, 7, 7, BAR, 5, 6, 8, 8, 4] as const;

const bar = (share?: number): string =>
  share === undefined ? ' '.repeat(BAR) : '█'.repeat(Math.round(share * BAR)).padEnd(BAR, '░');

/** The name to the left, numbers to the right. */
const columns = (texts: readonly string[]): string =>
  texts
    .map((text, i) => {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: colours take no room
      const gap = ' '.repeat(Math.max(0, (WIDTHS[i] ?? 0) - text.replace(/\x1b\[\d+m/g, '').length));
      return i === 0 ? text + gap : gap + text;
    })
    .join('  ')
    .trimEnd();

export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  accent(text: string): string;
  alarm(text: string): string;
}

/** Colours where they are welcome (https://no-color.org). */
export const paintFor = (colours: boolean): Paint => {
  const painted = (code: number) => (text: string) => (colours ? `\x1b[${code}m${text}\x1b[0m` : text);
  return { bold: painted(1), dim: painted(2), accent: painted(36), alarm: painted(31) };
};
