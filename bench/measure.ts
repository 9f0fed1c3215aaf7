import type { Case } from './cases.ts';
import type { Measurement } from './figures.ts';
import type { Load, Throughput } from './load/load.ts';
import type { LoadProcess } from './load/load-process.ts';
import { asManyAsItCan } from './load/saturate.ts';
import type { RunningPeer } from './peers/peer.ts';
import { duringIt } from './window.ts';

export interface Pace {
  /** Seconds before each window in which nothing is measured. */
  readonly warmUp: number;
  /** Of each of the two windows: as fast as it can, and at a fixed rate. */
  readonly seconds: number;
}

/** One case at one peer, once. @throws where the peer or the load fails altogether */
export const measure = async (
  { load, rate }: Case,
  peer: RunningPeer,
  { warmUp, seconds }: Pace,
  client: LoadProcess,
  stopping: AbortSignal,
): Promise<Omit<Measurement, 'case' | 'peer' | 'round'>> => {
  const port = portFor(load, peer);
  const asFastAsCan = (time: number): Promise<Throughput> =>
    asManyAsItCan(load, port, time, client, stopping);

  const warm = await asFastAsCan(warmUp);
  const { result: full, usage } = await duringIt(peer.pid, () => asFastAsCan(seconds));
  const latency = await client.atRate(load, port, rate, warmUp, seconds);
  const { p50, p99, p999 } = latency;
  return {
    perSecond: full.done / full.seconds,
    ...(usage === undefined ? {} : { cpu: usage.cpu / full.done, rss: usage.peakRss }),
    p50,
    p99,
    p999,
    bad: warm.bad + full.bad + latency.bad + latency.missed,
  };
};

/** @throws where the peer has none for such a load */
const portFor = (load: Load, { port, echoPort, tlsPort, grpcPort }: RunningPeer): number => {
  switch (load.kind) {
    case 'websocket':
      return echoPort;
    case 'grpc':
      return there(grpcPort, 'gRPC');
    case 'http2':
      return there(tlsPort, 'TLS');
    case 'http':
      return load.tls === 'no' ? port : there(tlsPort, 'TLS');
  }
};

const there = (port: number | undefined, what: string): number => {
  if (port === undefined) throw new Error(`it is not set up for ${what}`);
  return port;
};
