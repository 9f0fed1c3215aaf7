import { findPorts } from './ports.ts';

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

/** Who listens where, when nobody else does. */
const WELL_KNOWN = {
  gateway: { port: 8080, what: 'the gateway' },
  admin: { port: 9901, what: 'its admin API' },
  consul: { port: 8500, what: 'Consul' },
  page: { port: 8081, what: 'the page of traces' },
  otlp: { port: 4318, what: 'the OTLP receiver' },
  redis: { port: 6379, what: 'Redis' },
} as const;

/**
 * The well-known ports where they are free, others where not.
 *
 * @param onTaken called for each port that somebody else has
 */
export const chooseAddresses = async (
  real: boolean,
  onTaken: (what: string, port: number, address: string) => void,
): Promise<Addresses> => {
  const names = (Object.keys(WELL_KNOWN) as (keyof typeof WELL_KNOWN)[]).filter(
    name => real || name !== 'redis',
  );
  const ports = await findPorts(names.map(name => WELL_KNOWN[name].port));
  const chosen = names.map((name, i) => {
    const { port, what } = WELL_KNOWN[name];
    const address = `127.0.0.1:${ports[i]}`;
    if (ports[i] !== port) onTaken(what, port, address);
    return [name, address] as const;
  });
  return Object.fromEntries(chosen) as unknown as Addresses;
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
