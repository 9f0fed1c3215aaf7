import type { Log } from '../telemetry/log.ts';
import { endClient, openClient, startClient } from './client.ts';
import { describeFailure, isReplyError } from './errors.ts';
import { parseRedisUrl, redactRedisUrl } from './url.ts';

export interface SubscribeOptions {
  readonly url: string;
  readonly log: Log;
  /** Shown by CLIENT LIST. */
  readonly name: string;
  /** What our keys begin with (default none): a cluster needs a hash tag in it. */
  readonly prefix?: string;
  readonly channel: string;
  readonly onMessage: (message: string) => void;
  /** Called after each (re)subscription: whatever was published before that is lost. */
  readonly onSubscribed: () => void;
  /** Milliseconds between two looks at the connection (default 5 s). */
  readonly watchEveryMs?: number;
  /** How long one command may take, in milliseconds (default 2 s). */
  readonly commandTimeoutMs?: number;
  readonly chance?: () => number;
}

export interface Subscriber {
  /** Bounded, whatever Redis does. */
  readonly close: () => Promise<void>;
}

/**
 * A connection of its own for one channel, kept subscribed for ever. A PING watches over it, since a
 * half-open subscriber hears nothing and gets no error.
 */
export const subscribeRedis = ({
  url,
  prefix = '',
  log,
  name,
  channel,
  onMessage,
  onSubscribed,
  watchEveryMs = 5_000,
  commandTimeoutMs = 2_000,
  chance = Math.random,
}: SubscribeOptions): Subscriber => {
  const target = parseRedisUrl(url);
  const client = openClient({ target, prefix, name, chance, commandTimeoutMs });
  let subscribed = false;
  let refusal: string | undefined;

  const subscribe = async (): Promise<void> => {
    await client.subscribe(channel);
    subscribed = true;
    refusal = undefined;
    onSubscribed();
  };

  const attend = async (): Promise<void> => {
    if (client.status !== 'ready') return;
    try {
      await (subscribed ? client.ping() : subscribe());
    } catch (error) {
      const detail = describeFailure(error, target.password);
      if (!isReplyError(error)) {
        log.debug({ redis: redactRedisUrl(target), detail }, 'Redis subscription is renewed');
        if (client.status === 'ready') client.disconnect(true);
      } else if (detail !== refusal) {
        refusal = detail;
        log.warn({ redis: redactRedisUrl(target), channel, detail }, 'Redis refuses the subscription');
      }
    }
  };

  // The connection for commands goes to the same server and reports it when that is away.
  client.on('error', () => {});
  client.on('ready', () => void attend());
  client.on('close', () => {
    subscribed = false;
  });
  client.on('message', (_channel: string, message: string) => onMessage(message));
  startClient(client);
  const watch = setInterval(() => void attend(), watchEveryMs);

  return {
    close: async () => {
      clearInterval(watch);
      await endClient(client);
    },
  };
};
