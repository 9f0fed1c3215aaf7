import type { LoadResult } from '../../test/support/load.ts';
import type { Figure } from '../scale/report.ts';
import { type Played, SCENARIOS } from './scenarios.ts';

/** Seconds from v2's 500th request to the end of its traffic. */
const BACK_WITHIN = 15;

export const figuresOf = (played: Played): Figure[] => {
  const { name, seconds, secondsAfter500, v2, seen, leadersKilled, shares, expected, untold } = played;
  const all = [...seen.spared, ...seen.killed];
  const figures: Omit<Figure, 'limit'>[] | Figure[] = [
    { what: `${played.answer.outcome} after`, value: seconds, unit: 's' },
    { what: 'requests', value: sum(all, ({ requests }) => requests), unit: '' },
    { what: 'of them to v2', value: v2.requests, unit: '' },
    ...(SCENARIOS[name].outcome === 'promoted'
      ? []
      : [{ what: "after v2's 500th request", value: secondsAfter500, unit: 's', limit: BACK_WITHIN }]),
    { what: 'bad answers to callers, v2’s own', value: v2.errors, unit: '' },
    {
      what: 'bad answers to callers, all others',
      value: sum(seen.spared, bad) - v2.errors,
      unit: '',
      limit: 0,
    },
    ...(leadersKilled === 0
      ? []
      : [
          { what: 'leaders killed', value: leadersKilled, unit: '' },
          { what: 'requests that died with them', value: sum(seen.killed, bad), unit: '' },
        ]),
    { what: 'entries of the ledger', value: shares.length, unit: '' },
    { what: 'skipped, repeated or out of place', value: differences(shares, expected), unit: '', limit: 0 },
    { what: 'steps and ends that the webhook did not hear of', value: untold, unit: '', limit: 0 },
  ];
  return figures.map(figure => ({ ...figure, what: `${name}: ${figure.what}` }));
};

const sum = (results: readonly LoadResult[], of: (result: LoadResult) => number): number =>
  results.reduce((total, result) => total + of(result), 0);

const bad = ({ requests, statuses }: LoadResult): number => requests - (statuses['200'] ?? 0);

const differences = (found: readonly string[], expected: readonly string[]): number =>
  Array.from({ length: Math.max(found.length, expected.length) }).filter((_, i) => found[i] !== expected[i])
    .length;
