import { ReplyError } from 'ioredis';

/** Redis could not be asked, or did not answer in time. */
export class RedisUnavailable extends Error {
  /** Whether the command had left already, so that nobody knows if it was carried out. */
  readonly sent: boolean;

  constructor(message: string, sent: boolean) {
    super(message);
    this.name = 'RedisUnavailable';
    this.sent = sent;
  }
}

/** Redis answered with an error. Nothing but its words is kept: the command may hold what logs must not. */
export class RedisRefused extends Error {
  /** The first word of the reply: `NOPERM`, `READONLY`, `OOM`, `WRONGTYPE` … */
  readonly code: string;

  constructor(message: string) {
    super(message);
    this.name = 'RedisRefused';
    this.code = /^[A-Z]+/.exec(message)?.[0] ?? 'ERR';
  }
}

export const isReplyError = (error: unknown): boolean => error instanceof ReplyError;

/**
 * One line about a failure, without the place in our script that Redis appends, and without the password: an
 * old server repeats the arguments of a HELLO that it does not know.
 */
export const describeFailure = (error: unknown, password: string | undefined): string => {
  const words =
    error instanceof AggregateError // one error an address that a name resolves to; its own message is empty
      ? error.errors.map(each => (each as Error).message).join('; ')
      : error instanceof Error
        ? error.message
        : String(error);
  const sentence = words.replace(/ script: [0-9a-f]{40}, on @user_script:\d+\.$/, '');
  return password ? sentence.replaceAll(password, '***') : sentence;
};
