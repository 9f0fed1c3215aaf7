import type { FreezeAnswer, LedgerEntryAnswer, ServiceWeightsAnswer } from '../admin/weights-api.ts';
import type { Weights } from '../core/model/split.ts';
import { formatShare } from '../core/values.ts';
import { table, weightsText } from './print.ts';

/** What a gateway says of a service. */
export const describeInForce = (service: string, answer: ServiceWeightsAnswer): string => {
  const { weights, revision, problem, split } = answer;
  if (weights === undefined && split === undefined) {
    return `${service}: not in the catalog, so nobody is sent there`;
  }
  return lines(
    weights === undefined
      ? `${service}: no weights set; weight= tags or an equal share an instance decide`
      : `${service}: ${weightsText(weights)} (revision ${revision})`,
    split === undefined
      ? undefined
      : `in force: ${Object.entries(split.shares)
          .map(([version, share]) => `${version} ${formatShare(share)}`)
          .join(', ')} (from ${split.source})`,
    ...rules(answer),
    problem === undefined ? undefined : `problem: ${problem}`,
  );
};

/** What Redis holds. Gateways may have other weights in force: the last good ones, or those from before a wipe. */
export const describeHeld = (service: string, answer: ServiceWeightsAnswer): string => {
  const { weights, revision, problem } = answer;
  const known = weights === undefined ? undefined : `${weightsText(weights)} (revision ${revision})`;
  return lines(
    problem === undefined
      ? `${service}: Redis holds ${known ?? 'no weights'}`
      : `${service}: Redis holds no good weights: ${problem}`,
    problem === undefined || known === undefined ? undefined : `last good ones in its ledger: ${known}`,
    ...rules(answer),
    `what a gateway has in force: sluice weights get ${service} --admin HOST:PORT`,
  );
};

/** What holds besides the weights, a line each. */
const rules = ({ reverts, frozen }: ServiceWeightsAnswer): string[] => [
  ...(reverts === undefined ? [] : [`goes back at ${reverts.at} to ${weightsText(reverts.to)}`]),
  ...(frozen === undefined ? [] : [frozenText(frozen)]),
];

const frozenText = ({ by, since, reason }: FreezeAnswer): string =>
  `frozen by ${by} since ${since}${reason === undefined ? '' : `: ${reason}`}`;

/** The entry that a command has just made. */
export const describeDone = (service: string, entry: LedgerEntryAnswer): string => {
  const { revision, action, to, from, reverts } = entry;
  if (action !== undefined) {
    return `${service}: ${action === 'freeze' ? 'frozen' : 'unfrozen'} at ${weightsText(to)} (revision ${revision})`;
  }
  return lines(
    `${service}: ${weightsText(to)} (revision ${revision}; before: ${weightsText(from)})`,
    ...rules({ revision, ...(reverts === undefined ? {} : { reverts }) }),
  );
};

/**
 * Likely mistakes in weights that were just set, a line each.
 *
 * @param answer what a gateway says of the service; undefined where no gateway was asked
 */
export const likelyMistakes = (
  service: string,
  weights: Weights,
  answer: ServiceWeightsAnswer | undefined,
): string[] => {
  const notes: string[] = [];
  if ([...weights.values()].every(weight => weight === 0)) notes.push(`this sends nobody to ${service}`);
  if (answer === undefined) return notes;
  if (answer.split === undefined) return [...notes, `${service} is not in the catalog`];
  const live = Object.keys(answer.split.shares);
  const dead = [...weights].filter(([version, weight]) => weight > 0 && !live.includes(version));
  if (dead.length > 0) {
    const names = dead.map(([version]) => version).join(', ');
    notes.push(`${service} has no live version ${names} (live: ${live.join(', ') || 'none'})`);
  }
  return notes;
};

export const describeHistory = (service: string, entries: readonly LedgerEntryAnswer[]): string =>
  entries.length === 0
    ? `${service}: no change yet`
    : table([
        ['REVISION', 'WHEN', 'WHO', 'BY', 'FROM', 'TO', 'REASON'],
        ...entries.map(entry => [
          String(entry.revision),
          entry.at,
          entry.actor,
          entry.source,
          weightsText(entry.from),
          outcomeText(entry),
          entry.reason ?? '',
        ]),
      ]);

const outcomeText = ({ action, to, reverts }: LedgerEntryAnswer): string => {
  if (action !== undefined) return action === 'freeze' ? 'frozen' : 'unfrozen';
  return `${weightsText(to)}${reverts === undefined ? '' : ` (until ${reverts.at})`}`;
};

const lines = (...all: readonly (string | undefined)[]): string =>
  all.filter(line => line !== undefined).join('\n');
