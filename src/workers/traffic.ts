import type { Config } from '../config.ts';
import type { News } from '../core/limit/authority.ts';
import type { Snapshot } from '../core/model/snapshot.ts';
import type { HostPort } from '../core/values.ts';
import type { Scheme } from '../proxy/server.ts';
import type { Certificates } from '../proxy/tls/door.ts';
import type { UpstreamCredentials } from '../proxy/upstream/tls.ts';
import type { Figures } from '../telemetry/figures.ts';
import type { CountedVersions, Watched } from '../telemetry/version-samples.ts';

/**
 * Who carries the requests, as the control side of a gateway sees it: this very process, or workers of its own.
 */
export interface Traffic {
  /** Whether a request that came now would be served. */
  isReady(): boolean;
  /**
   * Serves by it as soon as it can. `onInForce` is called once, when whatever comes from then on is served by it or by one
   * that is newer; after those of snapshots before it.
   */
  follow(snapshot: Snapshot, onInForce: () => void): void;
  /** News of rate limits for other processes than this one. */
  hear(news: readonly News[]): void;
  /** As HttpProxy's: to be called before anyone listens over TLS. */
  certify(certificates: Certificates): void;
  /** As HttpProxy's. */
  trust(credentials: UpstreamCredentials): void;
  /** Binds a traffic port once there is somebody to serve. @throws ListenError */
  listen(at: HostPort, scheme: Scheme): Promise<HostPort>;
  /** Figures that other processes keep, by process. In bounded time. */
  figures(): Promise<readonly Figures[]>;
  /** From now on the versions of these services are counted apart, and those of no others. */
  watch(watched: readonly Watched[]): void;
  /** What was counted of them, by processes that are no more, too; of others it is up to a second old. */
  counted(): CountedVersions;
  /** Instances that are ejected, be it by one worker alone: id -> epoch milliseconds. In bounded time. */
  ejected(): Promise<Ejected>;
  /** Undefined where there are no workers. In bounded time. */
  workers(): Promise<readonly WorkerState[]> | undefined;
  /** As DataPath's; workers are replaced one by one, by such as begin with it. */
  adopt(config: Config): void;
  /** As HttpProxy's. */
  drain(deadline: number, delay: number): Promise<{ cut: number }>;
  close(): Promise<void>;
}

/** Instance id -> when its trial may begin, in epoch milliseconds. */
export type Ejected = ReadonlyMap<string, number>;

export interface WorkerState {
  /** Its place, from 1 to the number of workers; a replacement takes the place over. */
  readonly worker: number;
  readonly pid: number;
  /** Epoch milliseconds. */
  readonly since: number;
  readonly state: 'starting' | 'serving' | 'draining';
  readonly connections: number;
  /** Ended, since its start. */
  readonly requests: number;
  readonly requestsInFlight: number;
}
