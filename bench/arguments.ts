import { parseArgs } from 'node:util';

export interface Arguments {
  /** Names of cases and peers; empty: all. */
  readonly cases: readonly string[];
  readonly peers: readonly string[];
  readonly rounds: number;
  /** Of each window. */
  readonly seconds: number;
  /** For soundness, not for figures. */
  readonly quick: boolean;
  readonly json?: string;
  readonly svg?: string;
}

const DEFAULTS = { rounds: 5, seconds: 3 };
const QUICK = { rounds: 1, seconds: 0.2, peers: ['direct', 'sluice', 'http-proxy'] };

export const usage = (
  cases: readonly string[],
  peers: readonly string[],
): string => `npm run bench -- [options]

Measures Sluice beside other proxies, each alone on the same work, round after round: throughput, CPU per request
of the proxy's processes, latency at a fixed rate, memory.

  --case NAME     only this case; repeatable, or several joined by commas
  --peer NAME     only this peer, likewise
  --rounds N      how often each is measured (default ${DEFAULTS.rounds}; the case "rules" takes 10 at least)
  --seconds N     how long each window lasts (default ${DEFAULTS.seconds})
  --quick         for soundness, not for figures: one round of ${QUICK.seconds} s with ${QUICK.peers.join(', ')}
  --json FILE     where the figures go (default bench/results/DATE.json)
  --svg FILE      where the chart goes (default bench/results/DATE.svg)

Cases: ${cases.join(', ')}
Peers: ${peers.join(', ')}

Examples:
  npm run bench
  npm run bench -- --case get-64 --peer sluice,nginx,http-proxy --rounds 10
  npm run bench -- --case rules,tracing
  npm run bench -- --json docs/performance.json --svg docs/performance.svg

Ends with 1 where any answer was not 2xx and whole, or a figure is missing.`;

/**
 * @param known what names there are
 * @returns what is wrong, where anything is
 */
export const readArguments = (
  args: readonly string[],
  known: { readonly cases: readonly string[]; readonly peers: readonly string[] },
): Arguments | { readonly problem: string } => {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        case: { type: 'string', multiple: true },
        peer: { type: 'string', multiple: true },
        rounds: { type: 'string' },
        seconds: { type: 'string' },
        quick: { type: 'boolean' },
        json: { type: 'string' },
        svg: { type: 'string' },
      },
    });
    const quick = values.quick ?? false;
    const peers = names('--peer', values.peer, known.peers);
    const defaults = quick ? QUICK : { ...DEFAULTS, peers: [] };
    return {
      cases: names('--case', values.case, known.cases),
      peers: peers.length > 0 ? peers : defaults.peers,
      rounds: number(
        '--rounds',
        values.rounds,
        defaults.rounds,
        value => Number.isInteger(value) && value >= 1,
      ),
      seconds: number('--seconds', values.seconds, defaults.seconds, value => value >= 0.1 && value <= 3_600),
      quick,
      ...(values.json === undefined ? {} : { json: values.json }),
      ...(values.svg === undefined ? {} : { svg: values.svg }),
    };
  } catch (error) {
    return { problem: (error as Error).message };
  }
};

const names = (flag: string, given: readonly string[] = [], known: readonly string[]): string[] => {
  const wanted = given.flatMap(value => value.split(',')).map(name => name.trim());
  const unknown = wanted.find(name => !known.includes(name));
  if (unknown !== undefined) throw new Error(`${flag} "${unknown}": there are ${known.join(', ')}`);
  return known.filter(name => wanted.includes(name));
};

const number = (
  flag: string,
  given: string | undefined,
  fallback: number,
  isGood: (value: number) => boolean,
): number => {
  const value = given === undefined ? fallback : Number(given);
  if (given?.trim() === '' || !isGood(value))
    throw new Error(`${flag} "${given}": expected a number, e.g. ${fallback}`);
  return value;
};
