import type { Outcome } from './converse.ts';
import { type Reading, readConnection } from './grammar.ts';

/** What is wrong with how a gateway took a connection; nothing where all is well. */
export const judge = (sent: string, reading: Reading, outcome: Outcome): string[] => {
  const findings: string[] = [];
  if (outcome.served > outcome.statuses.length) {
    findings.push(
      `the upstream served ${outcome.served} requests, the client got ${outcome.statuses.length} answers`,
    );
  }
  const refused = refusedOf(reading, outcome);
  if (refused !== undefined) findings.push(refused);
  if (!outcome.ended && reading.rest === 'nothing') findings.push('the connection hangs');
  for (const text of outcome.upstream) {
    // Queries go upstream byte for byte.
    if (readConnection(text.replace(/^([A-Z-]+ [^? ]+)\?[^ ]*(?= HTTP)/gm, '$1')).rest === 'invalid')
      findings.push(`the upstream got what is no HTTP: ${JSON.stringify(text)}`);
  }
  return findings.map(
    finding => `${finding}\n    sent ${JSON.stringify(sent)}\n    answered ${outcome.statuses.join(' ')}`,
  );
};

/** A request that had to be served and was not. */
const refusedOf = ({ requests }: Reading, { statuses }: Outcome): string | undefined => {
  for (const [i, request] of requests.entries()) {
    if (request.mayBeRefused !== undefined) return undefined;
    if (statuses[i] !== 200)
      return `a valid ${request.method} ${request.target} was answered ${statuses[i] ?? 'by nothing'}`;
    if (request.isLast) return undefined;
  }
  return undefined;
};

/** What does not tell one slot, one port or one time from another. */
export const normalise = (text: string): string =>
  text.replace(/127\.0\.3\.\d+/g, '127.0.3.1').replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:1');

/**
 * Whether two outcomes are the same to client and upstream. Of what is no HTTP, how much of a body went upstream before that
 * was seen, and whether an answer to it still found the connection open, is a matter of time; and so is whether something else
 * or the end of patience comes first.
 */
export const areAlike = ({ rest }: Reading, one: Outcome, other: Outcome): boolean => {
  if ([...one.statuses, ...other.statuses].includes(408)) return true;
  const [longer, shorter] = [one.statuses.join(), other.statuses.join()].sort((a, b) => b.length - a.length);
  if (rest !== 'nothing') return longer?.startsWith(shorter ?? '') === true;
  return longer === shorter && textOf(one) === textOf(other);
};

const textOf = ({ upstream }: Outcome): string => upstream.map(normalise).join('\n');
