import type { Table } from '../table.ts';
import type { DocumentFigures } from './documents.ts';
import type { ChangeFigures } from './measure.ts';
import type { Turns } from './turns.ts';

export interface ScaleReport extends Turns {
  readonly readyMs: number;
  readonly connections: number;
  /** Bytes resident once it served. */
  readonly rss: number;
  readonly changes: readonly ChangeFigures[];
  readonly documents: readonly DocumentFigures[];
}

/** One figure with what it must not exceed. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** Absent: it is told, not judged. */
  readonly limit?: number;
}

const LIMITS_MS = { health: 200, registration: 400, service: 400 } as const;

const CHANGE_TEXT = {
  health: "an instance's health is in force",
  registration: 'an instance at another port is in force',
  service: 'a new service, or one that is gone, is in force',
} as const;

const PLACE_TEXT = { folder: 'route documents in a folder', keys: 'route documents in Consul' } as const;

export const figuresOf = ({
  readyMs,
  connections,
  rss,
  changes,
  documents,
  calm,
  beside,
  storm,
  past,
}: ScaleReport): Figure[] => [
  { what: 'ready after', value: readyMs, unit: 'ms', limit: 5_000 },
  { what: 'connections to Consul', value: connections, unit: '', limit: 8 },
  { what: 'resident memory', value: rss / 1e6, unit: 'MB', limit: 250 },
  ...changes.flatMap(({ change, median, worst, held }): Figure[] => [
    { what: `${CHANGE_TEXT[change]}, median`, value: median, unit: 'ms' },
    { what: `${CHANGE_TEXT[change]}, worst`, value: worst, unit: 'ms', limit: LIMITS_MS[change] },
    { what: 'event loop held up by it, worst', value: held.workMs, unit: 'ms', limit: 20 },
    { what: 'the same, with waiting for a core', value: held.maxMs, unit: 'ms' },
  ]),
  ...documents.flatMap(({ place, count, inForceMs, goneMs, held }): Figure[] => [
    { what: `${count} ${PLACE_TEXT[place]}: in force after`, value: inForceMs, unit: 'ms' },
    { what: 'the same, gone after', value: goneMs, unit: 'ms' },
    { what: 'event loop held up by them, worst', value: held.workMs, unit: 'ms', limit: 20 },
    { what: 'the same, with waiting for a core', value: held.maxMs, unit: 'ms' },
  ]),
  { what: 'at rest: p99.9 of traffic', value: calm.latency.p999, unit: 'ms' },
  { what: 'at rest: requests to Consul', value: calm.requestsToConsul, unit: '/s' },
  { what: "at rest: gateway's CPU", value: calm.gatewayCpu * 100, unit: '% of a core' },
  { what: 'changing beside it: p99.9 of traffic', value: beside.latency.p999, unit: 'ms' },
  { what: 'changing: changes', value: storm.changes, unit: '' },
  {
    what: 'changing: p99.9 of traffic',
    value: storm.latency.p999,
    unit: 'ms',
    limit: beside.latency.p999 * 1.5,
  },
  {
    what: 'the same, as a multiple of that at rest',
    value: storm.latency.p999 / calm.latency.p999,
    unit: '',
  },
  { what: 'changing: p99.9 of traffic past the gateway', value: past.latency.p999, unit: 'ms' },
  { what: 'changing: requests to Consul', value: storm.requestsToConsul, unit: '/s' },
  { what: "changing: gateway's CPU", value: storm.gatewayCpu * 100, unit: '% of a core' },
  { what: "changing: Consul's CPU", value: storm.consulCpu * 100, unit: '% of a core' },
  { what: 'changing: event loop held up, worst', value: storm.held.workMs, unit: 'ms' },
  { what: 'the same, with waiting for a core', value: storm.held.maxMs, unit: 'ms' },
  { what: 'changing: resident memory', value: storm.rss / 1e6, unit: 'MB', limit: 250 },
  {
    what: 'answers that were not good',
    value: [calm, beside, storm].reduce((sum, { latency }) => sum + latency.bad + latency.missed, 0),
    unit: '',
    limit: 0,
  },
];

export const isWithin = ({ value, limit }: Figure): boolean => limit === undefined || value <= limit;

export const figureTable = (figures: readonly Figure[]): Table => ({
  head: ['', 'figure', 'limit', ''],
  rows: figures.map(figure => [
    figure.what,
    `${rounded(figure.value)} ${figure.unit}`.trim(),
    figure.limit === undefined ? '' : `${rounded(figure.limit)} ${figure.unit}`.trim(),
    isWithin(figure) ? '' : 'over',
  ]),
});

const rounded = (value: number): string =>
  value >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(1);
