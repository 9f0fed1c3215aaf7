import type { BlockingAsk, ConsulClient, KeyEntry } from '../consul/client.ts';
import { ConsulError, describeFailure } from '../consul/errors.ts';
import type { Answer } from '../consul/reply.ts';
import { type Continuity, watch } from '../consul/watch.ts';
import type { DocumentText } from '../core/rules/last-known.ts';
import type { Log } from '../telemetry/log.ts';
import type { Timers } from '../telemetry/timers.ts';
import { decode, type Text } from './texts.ts';

export interface KeysWatch {
  /** Lets go of keys that are held, and tells so at once. @returns how many that were */
  release(): number;
  stop(): void;
}

/**
 * Follows the keys below a prefix in Consul's KV store. As with the catalog, what is missing from an answer is gone only
 * where the answer came in an unbroken session; after a break it is held, since Consul may have forgotten anything, until it
 * is seen again or its hold expires. What a token may no longer read stays.
 *
 * @param options.onTexts called with all of them, at first and at each change; with those known before where the token may
 * not read them, or where Consul is away and a process before this one kept some. Never called synchronously, nor after
 * `stop`. Must not throw
 */
export const watchKeys = (options: {
  readonly client: ConsulClient;
  readonly prefix: string;
  /** What a process before this one read: told where Consul is away, and held where Consul no longer lists it. */
  readonly last: readonly DocumentText[] | undefined;
  readonly onTexts: (texts: readonly Text[]) => void;
  /** How long a key is held whose loss is doubted, in milliseconds. */
  readonly holdMs: number;
  readonly log: Log;
  readonly timers: Timers;
  /** Draws from [0, 1). */
  readonly chance: () => number;
}): KeysWatch => {
  const { client, prefix, last, onTexts, holdMs, log, timers, chance } = options;
  let known: ReadonlyMap<string, Held> = new Map((last ?? []).flatMap(fromText));
  let isTold = false;
  let problem: string | undefined;
  let cancelExpiry = (): void => {};

  const tell = (): void => {
    isTold = true;
    onTexts([...known.values()].map(({ entry }) => toText(entry)));
  };

  const take = (entries: readonly KeyEntry[], isBelieved: boolean): void => {
    const now = timers.wall();
    const next = new Map(entries.map((entry): [string, Held] => [entry.key, { entry }]));
    for (const [key, held] of known) {
      const until = held.until ?? (isBelieved ? now : now + holdMs);
      if (!next.has(key) && until > now) next.set(key, { ...held, until });
    }
    swap(next);
    cancelExpiry();
    const expiry = Math.min(...[...known.values()].map(({ until }) => until ?? Number.POSITIVE_INFINITY));
    if (expiry !== Number.POSITIVE_INFINITY) {
      cancelExpiry = timers.after(Math.max(1, expiry - now), () => take(entries, false));
    }
    tell();
  };

  const swap = (next: ReadonlyMap<string, Held>): void => {
    const [before, held] = [countHeld(known), countHeld(next)];
    known = next;
    if (held > before) log.warn({ prefix, held }, 'Consul no longer lists route documents: they are held');
    else if (held < before) log.info({ prefix, held }, 'held route documents are back, or their time is up');
  };

  const release = (): number => {
    const held = countHeld(known);
    if (held === 0) return 0;
    cancelExpiry();
    swap(new Map([...known].filter(([, { until }]) => until === undefined)));
    tell();
    return held;
  };

  const read = async (ask: BlockingAsk): Promise<Answer<readonly KeyEntry[]>> => {
    const answer = await client.keys(prefix, ask);
    const listed = new Set(answer.data.map(({ key }) => key));
    const missing = [...known.keys()].find(key => !listed.has(key));
    // A list leaves out what the token may not read, without a word; a single key is refused.
    if (missing !== undefined)
      await client.hasKey(missing, ask.signal === undefined ? {} : { signal: ask.signal });
    return answer;
  };

  const following = watch<readonly KeyEntry[]>({
    read,
    onAnswer: (entries, continuity) => {
      if (problem !== undefined) log.info({ prefix }, 'the route documents in Consul can be read again');
      problem = undefined;
      take(entries.filter(isDocument), isWhole(continuity));
    },
    onBreak: error => {
      const detail = describeFailure(error);
      if (detail !== problem)
        log.warn(
          { prefix, detail },
          'the route documents in Consul are out of reach; those known stay in force',
        );
      problem = detail;
      if (!isTold && (last !== undefined || isRefused(error))) tell();
    },
    recovery: client.recovery,
    timers,
    chance,
  });
  return {
    release,
    stop: () => {
      following.stop();
      cancelExpiry();
    },
  };
};

interface Held {
  readonly entry: KeyEntry;
  /** Set while Consul no longer lists it: epoch milliseconds. */
  readonly until?: number;
}

const countHeld = (keys: ReadonlyMap<string, Held>): number => {
  let count = 0;
  for (const { until } of keys.values()) if (until !== undefined) count += 1;
  return count;
};

const isWhole = (continuity: Continuity): boolean => continuity === 'advancing';

/** Consul's own page makes empty keys for its folders. */
const isDocument = ({ key, value }: KeyEntry): boolean => !key.endsWith('/') && value.length > 0;

/** Consul is there and will not tell: so it is for as long as nobody changes the token, or what stands in between. */
const isRefused = (error: unknown): boolean =>
  error instanceof ConsulError && (error.kind === 'forbidden' || (error.status ?? 500) < 500);

const SCHEME = 'consul:';

const toText = ({ key, value, createIndex }: KeyEntry): Text => ({
  name: `${SCHEME}${key}`,
  createIndex,
  ...decode(value),
});

/** Texts of files are none of ours. */
const fromText = ({ name, text, createIndex }: DocumentText): [string, Held][] => {
  if (!name.startsWith(SCHEME) || createIndex === undefined) return [];
  const key = name.slice(SCHEME.length);
  return [[key, { entry: { key, value: Buffer.from(text), createIndex } }]];
};
