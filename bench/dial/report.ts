import type { Figure } from '../scale/report.ts';
import type { ChangeFigures, ShareFigures } from './measure.ts';

export interface DialReport {
  readonly shares: readonly ShareFigures[];
  readonly turning?: ChangeFigures;
  readonly cut?: ChangeFigures;
}

/** Of the requests, by which a share may be off: 0.005 percentage points. */
const OFF_BY = 0.00005;
/** Of fewer than 200,000 requests that would be less than a sequence promises. */
const OFF_BY_LEAST = 10;
/** Means that may lie between two canaries. */
const GAP = 3;

export const figuresOf = ({ shares, turning, cut }: DialReport): Figure[] => [
  ...shares.flatMap(shareFigures),
  ...(turning === undefined
    ? []
    : [
        { what: 'PUBLISH to in force, p50', value: turning.p50, unit: 'ms', limit: 3 },
        { what: 'PUBLISH to in force, p99', value: turning.p99, unit: 'ms', limit: 10 },
        { what: 'PUBLISH to in force, worst', value: turning.worst, unit: 'ms' },
        ...common('turning', turning),
      ]),
  ...(cut === undefined
    ? []
    : [
        { what: 'subscribers cut: in force, p50', value: cut.p50, unit: 'ms' },
        { what: 'subscribers cut: in force, worst', value: cut.worst, unit: 'ms', limit: 2_500 },
        { what: 'subscribers cut: how many', value: cut.cut, unit: '' },
        ...common('subscribers cut', cut),
      ]),
];

const shareFigures = ({ how, tenThousandths, counts }: ShareFigures): Figure[] => {
  const { requests, canaries, bad, longestGap } = counts.all;
  const name = `${how}, ${tenThousandths / 100} % of ${requests}`;
  const good = { what: `${name}: bad answers`, value: bad, unit: '', limit: 0 };
  if (tenThousandths === 0) return [{ what: `${name}: canaries`, value: canaries, unit: '', limit: 0 }, good];
  const share = tenThousandths / 10_000;
  const off = Math.abs(canaries - requests * share);
  // A process draws evenly; how several are mixed is nobody's to say.
  const processes = counts.each.map(each => each.longestGap * share);
  const isOneProcess = !how.includes('workers');
  return [
    { what: `${name}: canaries`, value: canaries, unit: '' },
    {
      what: `${name}: off by`,
      value: off,
      unit: 'requests',
      limit: Math.max(OFF_BY_LEAST, OFF_BY * requests),
    },
    {
      what: `${name}: longest gap${counts.each.length > 1 ? ' at one gateway' : ''}`,
      value: Math.max(...processes),
      unit: '× mean',
      ...(isOneProcess ? { limit: GAP } : {}),
    },
    ...(counts.each.length > 1
      ? [{ what: `${name}: longest gap of all together`, value: longestGap * share, unit: '× mean' }]
      : []),
    good,
  ];
};

const common = (
  name: string,
  { missed, seen, bad, requests, capacity, load, busy }: ChangeFigures,
): Figure[] => [
  { what: `${name}: requests a second that the gateways can answer`, value: capacity, unit: '' },
  { what: `${name}: of these they had to`, value: load * 100, unit: '%' },
  { what: `${name}: the machine was busy`, value: busy * 100, unit: '%' },
  { what: `${name}: changes seen, all gateways together`, value: seen, unit: '' },
  { what: `${name}: changes that never came into force`, value: missed, unit: '', limit: 0 },
  { what: `${name}: requests`, value: requests, unit: '' },
  { what: `${name}: bad answers`, value: bad, unit: '', limit: 0 },
];
