import { get } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { GRPC_HEALTH, tryGetOverHttp2, tryGrpcHealth } from './http2-probe.ts';

/** Whether the program is well, and if so under which of the machine's own addresses. */
export type Finding =
  | { readonly well: true; readonly address: string }
  | { readonly well: false; readonly reason: string };

/** Never throws, and takes seconds at most. */
export type Probe = () => Promise<Finding>;

const TIMEOUT = 1_000;
/** A health function may have a database to ask. */
const ASKED_TIMEOUT = 5_000;

/** A program that asked for `localhost` may listen on IPv6 alone. */
const LOOPBACKS = ['127.0.0.1', '::1'] as const;

/** Well when the port accepts connections. */
export const tcpProbe = (port: number): Probe => onEitherLoopback(address => tryConnect(address, port));

/**
 * Well when a GET of the path answers 2xx, or when the path is that of gRPC's health check and that answers SERVING.
 *
 * @param proto what is spoken there
 */
export const httpProbe = (port: number, path: string, proto: 'http' | 'h2c' = 'http'): Probe => {
  if (proto === 'http') return onEitherLoopback(address => tryGet(address, port, path));
  if (path === GRPC_HEALTH) return onEitherLoopback(address => tryGrpcHealth(address, port));
  return onEitherLoopback(address => tryGetOverHttp2(address, port, path));
};

/** The application's own word. One that does not come counts as no. */
export const askedProbe =
  (isWell: () => boolean | Promise<boolean>): Probe =>
  async () => {
    const timer = new AbortController();
    const late = sleep(ASKED_TIMEOUT, 'late' as const, { signal: timer.signal });
    try {
      const said = await Promise.race([isWell(), late]);
      if (said === true) return { well: true, address: '' };
      return { well: false, reason: said === 'late' ? 'health does not answer' : 'health says no' };
    } catch (error) {
      return { well: false, reason: error instanceof Error ? error.message : String(error) };
    } finally {
      late.catch(() => {});
      timer.abort();
    }
  };

const onEitherLoopback =
  (attempt: (address: string) => Promise<string | undefined>): Probe =>
  async () => {
    let first: string | undefined;
    for (const address of LOOPBACKS) {
      const reason = await attempt(address);
      if (reason === undefined) return { well: true, address };
      first ??= reason;
    }
    return { well: false, reason: first ?? '' };
  };

const tryConnect = (address: string, port: number): Promise<string | undefined> =>
  new Promise(resolve => {
    const socket = connect({ host: address, port, timeout: TIMEOUT });
    const done = (reason?: string): void => {
      socket.destroy();
      resolve(reason);
    };
    socket.once('connect', () => done());
    socket.once('timeout', () => done(`port ${port} does not answer`));
    socket.once('error', () => done(`nothing listens on port ${port}`));
  });

const tryGet = (address: string, port: number, path: string): Promise<string | undefined> =>
  new Promise(resolve => {
    const signal = AbortSignal.timeout(TIMEOUT);
    const request = get({ host: address, port, path, headers: FIELDS, agent: false, signal }, response => {
      response.destroy();
      resolve(faultOf(path, response.statusCode ?? 0));
    });
    request.once('error', () =>
      resolve(signal.aborted ? `GET ${path} does not answer` : `nothing answers on port ${port}`),
    );
  });

const FIELDS = { 'user-agent': 'sluice-sidecar' };

const faultOf = (path: string, status: number): string | undefined =>
  status >= 200 && status < 300 ? undefined : `GET ${path} answers ${status}`;

export interface WatchHealthOptions {
  readonly probe: Probe;
  /** Milliseconds between two looks. */
  readonly every: number;
  readonly signal: AbortSignal;
  /** The first finding, and each that differs in `well` from the one before. */
  readonly onChange: (finding: Finding) => void;
}

/** Looks again and again until aborted; resolves then. */
export const watchHealth = async ({ probe, every, signal, onChange }: WatchHealthOptions): Promise<void> => {
  let last: boolean | undefined;
  while (!signal.aborted) {
    const finding = await probe();
    if (signal.aborted) return;
    if (finding.well !== last) onChange(finding);
    last = finding.well;
    await sleep(every, undefined, { signal }).catch(() => {});
  }
};
