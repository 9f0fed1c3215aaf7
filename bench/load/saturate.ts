import { saturateStreams } from './h2load.ts';
import type { Load, Throughput } from './load.ts';
import type { LoadProcess } from './load-process.ts';
import { saturate } from './wrk.ts';

/** As many as the peer answers: by the fastest load that there is for them, else by our own. */
export const asManyAsItCan = (
  load: Load,
  port: number,
  seconds: number,
  client: LoadProcess,
  stopping: AbortSignal,
): Promise<Throughput> => {
  if (load.kind === 'http2' || (load.kind === 'grpc' && !load.streaming)) {
    return saturateStreams(port, load, seconds, stopping);
  }
  // wrk leaves open whether a session is resumed.
  if (load.kind === 'http' && (load.tls === 'no' || !load.fresh))
    return saturate(port, load, seconds, stopping);
  return client.saturate(load, port, seconds);
};
