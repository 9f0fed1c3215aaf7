import { Redis } from 'ioredis';
import { deregister, register } from '../../test/support/service.ts';
import type { RunningSluice } from '../sluice.ts';
import type { Upstream } from '../upstream.ts';

const EVERY_MS = 2_000;
/** Names of services come back: figures of those that are gone are kept for some minutes on purpose. */
const GUESTS = 10;

/**
 * What operators and deploys do: every two seconds another instance of `web` replaces the one before, a service
 * with a rule of its own comes and another goes, and the weights are turned.
 *
 * @returns its `stop` tells how often, and throws what went wrong
 */
export const startChanges = (
  { consul, redis: redisUrl }: RunningSluice,
  { ports }: Upstream,
): { stop(): Promise<number> } => {
  const redis = new Redis(redisUrl);
  let round = 0;
  let failure: unknown;

  const change = async (): Promise<void> => {
    round += 1;
    const guest = `guest-${round % GUESTS}`;
    await register(consul, {
      ID: `web-extra-${round}`,
      Name: 'web',
      Port: ports[1],
      Tags: ['path=/', 'version=v2'],
    });
    await register(consul, { ID: guest, Name: guest, Port: ports[0], Tags: [`path=/${guest}`] });
    if (round > 1) {
      await deregister(consul, `web-extra-${round - 1}`);
      await deregister(consul, `guest-${(round - 1) % GUESTS}`);
    }
    const share = 5 + (round % 20);
    await redis.hset('sluice:weights:web', { v1: `${100 - share}`, v2: `${share}` });
    await redis.publish('sluice:weights', 'web');
  };

  let running = Promise.resolve();
  const timer = setInterval(() => {
    running = running.then(change).catch((error: unknown) => {
      failure ??= error;
    });
  }, EVERY_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
      redis.disconnect();
      if (failure !== undefined) throw failure;
      return round;
    },
  };
};
