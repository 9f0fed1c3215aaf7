import { CASES } from './cases.ts';
import { flawsOf, type Measurement, type Row, rowsOf } from './figures.ts';
import { IDLE, type IdleFigures, idleTable } from './idle.ts';
import type { Machine } from './machine.ts';
import type { Failure } from './run.ts';
import type { Panel } from './svg.ts';
import { asMarkdown, asText, caseTable, type Table } from './table.ts';

/** One run: what its JSON file holds. */
export interface Report {
  readonly machine: Machine;
  readonly rounds: number;
  readonly seconds: number;
  readonly peers: readonly PeerFacts[];
  readonly measurements: readonly Measurement[];
  readonly idle: readonly IdleFigures[];
  readonly failures: readonly Failure[];
}

export interface PeerFacts {
  readonly name: string;
  readonly about: string;
  readonly version: string;
  /** Why it was not measured. */
  readonly missing?: string;
}

interface Section {
  readonly title: string;
  readonly rows: readonly Row[];
  readonly table: Table;
}

const sectionsOf = ({ measurements, idle }: Report): Section[] => [
  ...CASES.flatMap(({ name, about, against, rate }) => {
    const own = measurements.filter(each => each.case === name);
    if (own.length === 0) return [];
    const rows = rowsOf(own, against);
    const title = `${name}: ${about}; latency at ${rate.toLocaleString('en')} a second`;
    return [{ title, rows, table: caseTable(rows, against) }];
  }),
  ...(idle.length === 0 ? [] : [{ title: `${IDLE.name}: ${IDLE.about}`, rows: [], table: idleTable(idle) }]),
];

/** For a terminal. */
export const reportText = (report: Report): string =>
  [
    ...sectionsOf(report).map(({ title, table }) => `${title}\n${asText(table)}\n`),
    ...report.peers.flatMap(({ name, missing }) =>
      missing === undefined ? [] : [`not measured: ${name}: ${missing}`],
    ),
    ...flaws(report).map(flaw => `FAILED: ${flaw}`),
    machineLine(report),
  ].join('\n');

/** For docs/performance.md. */
export const reportMarkdown = (report: Report): string =>
  [
    `${machineLine(report)}\n\n`,
    ...sectionsOf(report).map(({ title, table }) => `### ${title}\n\n${asMarkdown(table)}\n`),
    'Peers: ',
    report.peers
      .filter(({ missing }) => missing === undefined)
      .map(({ name, version, about }) => `${[name, version].join(' ').trim()} (${about})`)
      .join('; '),
    '.\n',
  ].join('');

export const panelsOf = (report: Report): Panel[] =>
  sectionsOf(report).flatMap(({ title, rows }) =>
    rows.length === 0 ? [] : [{ title: title.replace(/;.*/, ''), rows }],
  );

/** Everything for which the run fails. */
export const flaws = (report: Report): string[] => [
  ...sectionsOf(report).flatMap(({ rows }) =>
    rows.flatMap(row => flawsOf(row).map(flaw => `${row.case}, ${row.peer}: ${flaw}`)),
  ),
  ...report.idle.flatMap(({ peer, closed }) =>
    closed > 0 ? [`${IDLE.name}, ${peer}: ${closed} connections closed by the peer`] : [],
  ),
  ...report.failures.map(each => `${each.case}, ${each.peer}: ${each.reason}`),
  ...(report.measurements.length + report.idle.length === 0 ? ['nothing was measured'] : []),
];

const machineLine = ({ machine, rounds, seconds }: Report): string =>
  `${machine.date.slice(0, 10)}, ${machine.cores} × ${machine.cpu}, Linux ${machine.kernel}, Node ${machine.node}, ` +
  `load ${machine.load.toFixed(2)} before; ${rounds} ${rounds === 1 ? 'round' : 'rounds'} of ${seconds} s`;
