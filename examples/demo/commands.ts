import { findPort } from './ports.ts';

/** Where everything listens, each `host:port`. */
export interface Addresses {
  readonly gateway: string;
  readonly admin: string;
  readonly consul: string;
  readonly page: string;
  readonly otlp: string;
  /** With `--real`. */
  readonly redis?: string;
}

/** One thing to try, with the exact lines to copy. */
export interface Hint {
  readonly about: string;
  readonly lines: readonly string[];
}

/**
 * The well-known ports where they are free, others where not.
 *
 * @param onTaken called for each port that somebody else has
 */
export const chooseAddresses = async (
  real: boolean,
  onTaken: (what: string, port: number, address: string) => void,
): Promise<Addresses> => {
  const choose = async (what: string, preferred: number): Promise<string> => {
    const port = await findPort(preferred);
    const address = `127.0.0.1:${port}`;
    if (port !== preferred) onTaken(what, preferred, address);
    return address;
  };
  return {
    gateway: await choose('the gateway', 8080),
    admin: await choose('its admin API', 9901),
    consul: await choose('Consul', 8500),
    page: await choose('the page of traces', 8081),
    otlp: await choose('the OTLP receiver', 4318),
    ...(real ? { redis: await choose('Redis', 6379) } : {}),
  };
};

/** What follows `sluice` to turn the dial of orders. */
export const dialArguments = (weights: readonly string[], { admin, redis }: Addresses): readonly string[] => [
  ...['weights', 'set', 'orders', ...weights],
  ...(redis === undefined ? ['--admin', admin] : ['--redis', `redis://${redis}`]),
];

export const hints = (addresses: Addresses): readonly Hint[] => {
  const { gateway, redis, page } = addresses;
  const dial = dialArguments(['v1=50', 'v2=50'], addresses).join(' ');
  const redisCli = `redis-cli -p ${redis?.split(':')[1]}`;
  const byHand: Hint = {
    about: 'Turn it by hand',
    lines: [
      `${redisCli} HSET sluice:weights:orders v1 50 v2 50`,
      `${redisCli} PUBLISH sluice:weights orders`,
    ],
  };
  return [
    { about: 'Turn the dial', lines: [`npx sluice ${dial}`] },
    ...(redis === undefined ? [] : [byHand]),
    { about: 'Call it yourself', lines: [`curl http://${gateway}/orders/1`] },
    {
      about: 'See the newest trace; through v2; your own (the id is in the answer)',
      lines: ['', '/v2', '/ID'].map(which => `curl http://${page}/trace${which}`),
    },
  ];
};
