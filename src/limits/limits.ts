import type { Config } from '../config.ts';
import type { News } from '../core/limit/authority.ts';
import { Books } from '../core/limit/books.ts';
import type { Rule } from '../core/model/rule.ts';
import type { Log } from '../telemetry/log.ts';
import { createRedisAuthority } from './redis-authority.ts';
import { createTeller } from './teller.ts';

/** The rate limits of one gateway. */
export interface Limits {
  /** Of this process; its workers, where it has some, are told what stands in them. */
  readonly books: Books;
  /** To be called at each swap, before anybody serves by it. */
  follow(rules: readonly Rule[]): void;
  /** Whether shared limits are counted with other gateways now; undefined where there are none, or no Redis. */
  areShared(): boolean | undefined;
  close(): Promise<void>;
}

export interface LimitsOptions {
  readonly config: Pick<Config, 'redis' | 'redisPrefix' | 'rateLimitShare'>;
  /** What Redis had to tell; the books know of it. */
  readonly onNews: (news: readonly News[]) => void;
  readonly log: Log;
}

/** In step with other gateways by way of Redis, where there is one. Connects when a rule first needs it. */
export const openLimits = ({ config, onNews, log }: LimitsOptions): Limits =>
  config.redis === 'off' ? countAlone() : countTogether({ config, onNews, log });

/** Whoever means all gateways is told so in the quarantine. */
const countAlone = (): Limits => {
  const books = new Books();
  return {
    books,
    follow: rules => {
      books.follow(rules);
    },
    areShared: () => undefined,
    close: async () => {},
  };
};

const countTogether = ({ config, onNews, log }: LimitsOptions): Limits => {
  const authority = createRedisAuthority({
    url: config.redis,
    prefix: config.redisPrefix,
    onNews: news => {
      books.hear(news, performance.now());
      onNews(news);
    },
  });
  const teller = createTeller({
    authority,
    share: config.rateLimitShare,
    onAway: reason => {
      if (reason === undefined) log.info('shared rate limits are counted with the other gateways again');
      else log.warn({ reason }, 'Redis is away: shared rate limits are counted by this gateway alone');
    },
  });
  const books = new Books({ debits: teller.debits });
  let isShared = false;
  return {
    books,
    follow: rules => {
      isShared = books.follow(rules);
      if (isShared) authority.open();
    },
    areShared: () => (isShared ? !teller.isAway : undefined),
    close: async () => {
      teller.close();
      await authority.close();
    },
  };
};
