import { WeightsError } from '../core/model/weights.ts';
import { RedisRefused, RedisUnavailable } from '../redis/errors.ts';

type Kind = 'read' | 'write';

/**
 * What stopped a command on Redis, with what to do about it.
 *
 * @param prefix what stands before our keys and channels, for the hint about missing rights
 * @returns a WeightsError; what is no failure of Redis comes back as it is
 */
export const explainFailure = (error: unknown, kind: Kind, prefix: string): Error => {
  if (error instanceof RedisUnavailable) {
    const hint =
      error.sent && kind === 'write'
        ? 'the change may be in force all the same: look at the history before you try again'
        : hintFor(error, kind, prefix);
    return new WeightsError('unavailable', `${error.message}; ${hint}`, { cause: error });
  }
  if (!(error instanceof RedisRefused)) return error instanceof Error ? error : new Error(String(error));
  if (error.code === 'NOTWEIGHTS') {
    return new WeightsError('refused', error.message.replace('NOTWEIGHTS ', ''), { cause: error });
  }
  const sentence = `Redis refused: ${error.message}; ${hintFor(error, kind, prefix)}`;
  return new WeightsError('unavailable', sentence, { cause: error });
};

/** What to do about a Redis that can't be asked, or refuses. */
export const hintFor = ({ message }: Error, kind: Kind, prefix: string): string =>
  HINTS.find(([words]) => words.test(message))?.[1](kind, prefix) ?? 'check --redis, and that it runs';

/** By words anywhere in the message: until Redis 7 the code of an error in a script is not its first word. */
const HINTS: readonly (readonly [words: RegExp, hint: (kind: Kind, prefix: string) => string])[] = [
  [/'cluster\|slots'/, () => 'the user needs +cluster|slots'],
  [
    /'sentinel\|get-master-addr-by-name'/,
    () => 'the user of the Sentinels needs +sentinel|get-master-addr-by-name',
  ],
  [/READONLY/, () => 'this is a replica: point --redis at its primary'],
  // Scripts need the full right on their keys (`~`), also those that only read.
  [
    /NOPERM|ACL failure|user executing the script/,
    (kind, prefix) =>
      kind === 'read'
        ? `the user needs ~${prefix}* &${prefix}* +@read +@scripting +@pubsub +@connection`
        : `the user needs ~${prefix}* &${prefix}* +@read +@write +@scripting +@pubsub +@connection +time`,
  ],
  [/MOVED/, () => 'this is a node of a Redis Cluster: write redis+cluster://HOST:PORT'],
  [/OOM/, () => 'nothing was changed; free some memory first'],
];
