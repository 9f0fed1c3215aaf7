import type { Redis, Result } from 'ioredis';
import { CanaryError } from '../core/canary.ts';
import { connectRedis } from '../redis/connection.ts';
import { RedisRefused, RedisUnavailable } from '../redis/errors.ts';
import { type Log, silentLog } from '../telemetry/log.ts';
import { hintFor } from '../weights/explain.ts';
import { type Board, type Kept, type Running, runningOf } from './board.ts';
import { readFigures, sumFigures, writeFigures } from './figures.ts';
import { BEAT, KEEP, LEAD, RESIGN } from './lua.ts';
import type { Rollout } from './rollout.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    sluiceBeat(
      keyCount: number,
      ...rest: (string | number)[]
    ): Result<[now: number, running: string[]], Context>;
    sluiceLead(keyCount: 2, ...rest: (string | number)[]): Result<number | null, Context>;
    sluiceResign(keyCount: 1, ...rest: string[]): Result<number, Context>;
    sluiceKeep(keyCount: 3, ...rest: (string | number)[]): Result<1 | 0 | -1, Context>;
  }
}

export interface RedisBoardOptions {
  readonly url: string;
  readonly prefix: string;
  /** Who beats and leads; unique among all processes. */
  readonly id: string;
  /** How long a leader that says nothing more still leads, in milliseconds. */
  readonly leadFor?: number;
}

/** How long figures outlive the last beat, in milliseconds. */
const KEEP_FIGURES = 3_600_000;

/** Of one rollout: each restart of a gateway is another. */
const MOST_GATEWAYS = 2_000;

/** Rollouts in Redis. Connects at once, in the background; that it is away is told by whoever keeps the weights there. */
export const openRedisBoard = ({ url, prefix, id, leadFor = 4_000 }: RedisBoardOptions): Board => {
  const log: Log = silentLog;
  const connection = connectRedis({ url, prefix, log, name: 'sluice-canary' });
  const { client } = connection;
  client.defineCommand('sluiceBeat', { lua: BEAT });
  client.defineCommand('sluiceLead', { lua: LEAD });
  client.defineCommand('sluiceResign', { lua: RESIGN });
  client.defineCommand('sluiceKeep', { lua: KEEP });
  const key = (name: string): string => `${prefix}canary:${name}`;
  const figures = (rollout: string): string => key(`figures:${rollout}`);

  const ask = async <T>(command: (client: Redis) => Promise<T>): Promise<T> => {
    try {
      return await connection.run(command);
    } catch (error) {
      throw explain(error, prefix);
    }
  };

  return {
    beat: async counted => {
      const ids = [...counted.keys()];
      const told = [...counted].flatMap(([rollout, samples]) => [rollout, writeFigures(samples)]);
      const [now, running] = await ask(redis =>
        redis.sluiceBeat(
          1 + ids.length,
          key('running'),
          ...ids.map(figures),
          ...[id, KEEP_FIGURES, MOST_GATEWAYS],
          ...told,
        ),
      );
      return { now, running: new Map(parseRunning(running)) };
    },
    list: async () => {
      const all = await ask(redis => redis.hgetall(key('rollouts')));
      return Object.values(all).flatMap(text => parseKept(text) ?? []);
    },
    read: async service => parseKept(await ask(redis => redis.hget(key('rollouts'), service))),
    keep: async (rollout, revision, fence) => {
      const kept = await ask(redis =>
        redis.sluiceKeep(
          3,
          ...[key('rollouts'), key('running'), key('fence')],
          ...[rollout.service, revision, JSON.stringify(rollout)],
          ...[writeRunning(rollout), fence ?? ''],
        ),
      );
      return kept === 1 ? 'kept' : kept === 0 ? 'conflict' : 'fenced';
    },
    figures: async rollout => {
      const texts = await ask(redis => redis.hvals(figures(rollout)));
      return sumFigures(texts.map(readFigures));
    },
    lead: async () =>
      (await ask(redis => redis.sluiceLead(2, key('leader'), key('fence'), id, leadFor))) ?? undefined,
    fence: token => ({ key: key('fence'), token: `${token}` }),
    resign: async () => {
      await ask(redis => redis.sluiceResign(1, key('leader'), id));
    },
    close: () => connection.close(),
  };
};

/** `ID`, `ID VERSION SHARE` where the version gets copies, or `ID over`. */
const writeRunning = (rollout: Rollout): string => {
  const { id = '', copies, isOver } = runningOf(rollout) ?? {};
  if (isOver) return `${id} over`;
  return copies === undefined ? id : `${id} ${copies.version} ${copies.share}`;
};

function* parseRunning(flat: readonly string[]): Generator<readonly [service: string, Running]> {
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const [id = '', version, share] = (flat[i + 1] ?? '').split(' ');
    const service = flat[i] ?? '';
    if (version === undefined) yield [service, { id }];
    else if (share === undefined) yield [service, { id, isOver: true }];
    else yield [service, { id, copies: { version, share: Number(share) } }];
  }
}

/** `REVISION JSON`. */
const parseKept = (text: string | null): Kept | undefined => {
  const at = text?.indexOf(' ') ?? -1;
  if (text === null || at < 0) return undefined;
  try {
    return { rollout: JSON.parse(text.slice(at + 1)) as Rollout, revision: Number(text.slice(0, at)) };
  } catch {
    return undefined;
  }
};

const explain = (error: unknown, prefix: string): Error => {
  const isRefused = error instanceof RedisRefused;
  if (!isRefused && !(error instanceof RedisUnavailable)) {
    return error instanceof Error ? error : new Error(String(error));
  }
  const what = isRefused ? `Redis refused: ${error.message}` : error.message;
  return new CanaryError('unavailable', `${what}; ${hintFor(error, 'write', prefix)}`, { cause: error });
};
