/** What one round of one case at one peer gave. */
export interface Measurement {
  readonly case: string;
  readonly peer: string;
  readonly round: number;
  /** Requests answered or messages echoed a second, as fast as it can. */
  readonly perSecond: number;
  /** CPU microseconds of the peer's process tree for each of them; the direct way has none. */
  readonly cpu?: number;
  /** Bytes resident at most, of the same tree. */
  readonly rss?: number;
  /** Milliseconds at the fixed rate, from when a request was due. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  /** Answers that were not 2xx or not whole, and requests without any, in all windows. */
  readonly bad: number;
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** A peer in a case, over all rounds. */
export interface Row {
  readonly case: string;
  readonly peer: string;
  readonly rounds: number;
  readonly perSecond: Spread;
  readonly cpu?: Spread;
  readonly rss?: Spread;
  readonly p50: Spread;
  readonly p99: Spread;
  readonly p999: Spread;
  readonly bad: number;
  /** By the name of the peer that it is compared with; each made of the two figures of one round. */
  readonly ratios: Readonly<Record<string, CpuRatio>>;
}

export interface CpuRatio {
  /** CPU per request, times the other's. */
  readonly times: Spread;
  /** CPU microseconds per request more than the other's. */
  readonly more: Spread;
}

/** @throws where there is nothing to tell */
export const spread = (values: readonly number[]): Spread => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1];
  const high = sorted[Math.floor(middle)];
  const min = sorted[0];
  const max = sorted.at(-1);
  if (low === undefined || high === undefined || min === undefined || max === undefined) {
    throw new Error('no values, no spread');
  }
  return { median: (low + high) / 2, min, max };
};

/** One row for each peer of a case, in the order of their first measurements. */
export const rowsOf = (measurements: readonly Measurement[], against: readonly string[]): Row[] => {
  const peers = [...new Set(measurements.map(({ peer }) => peer))];
  const byPeer = new Map(peers.map(name => [name, measurements.filter(({ peer }) => peer === name)]));
  return [...byPeer].map(([peer, own]) => {
    const of = (figure: 'perSecond' | 'p50' | 'p99' | 'p999'): Spread =>
      spread(own.map(each => each[figure]));
    const some = (figure: 'cpu' | 'rss'): Partial<Record<typeof figure, Spread>> => {
      const values = own.flatMap(each => each[figure] ?? []);
      return values.length === 0 ? {} : { [figure]: spread(values) };
    };
    return {
      case: own[0]?.case ?? '',
      peer,
      rounds: own.length,
      perSecond: of('perSecond'),
      ...some('cpu'),
      ...some('rss'),
      p50: of('p50'),
      p99: of('p99'),
      p999: of('p999'),
      bad: own.reduce((sum, { bad }) => sum + bad, 0),
      ratios: Object.fromEntries(
        against.flatMap(other => {
          const ratio = other === peer ? undefined : compare(own, byPeer.get(other) ?? []);
          return ratio === undefined ? [] : [[other, ratio]];
        }),
      ),
    };
  });
};

/** Only figures of the same round are compared: what else the machine did then happened to both. */
const compare = (own: readonly Measurement[], others: readonly Measurement[]): CpuRatio | undefined => {
  const pairs = own.flatMap(({ round, cpu }) => {
    const other = others.find(each => each.round === round)?.cpu;
    return cpu === undefined || other === undefined || other === 0 ? [] : [{ cpu, other }];
  });
  if (pairs.length === 0) return undefined;
  return {
    times: spread(pairs.map(({ cpu, other }) => cpu / other)),
    more: spread(pairs.map(({ cpu, other }) => cpu - other)),
  };
};

/** What is wrong with a row, in words; none where its figures can be trusted to be of sound answers. */
export const flawsOf = (row: Row): string[] => [
  ...(row.bad > 0 ? [`${row.bad} bad answer${row.bad === 1 ? '' : 's'}`] : []),
  ...(row.perSecond.min > 0 ? [] : ['no throughput']),
  ...(row.p50.min > 0 ? [] : ['no latency']),
  ...(row.cpu === undefined || row.cpu.min > 0 ? [] : ['no CPU figure']),
];
