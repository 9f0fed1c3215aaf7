import { nanoid } from 'nanoid';
import { DEFAULT_LIMITS, DEFAULT_TIMEOUTS, type Limits, type Timeouts } from '../core/settings/limits.ts';
import type { Judgement } from '../telemetry/observer.ts';
import { Admission } from './admission.ts';
import { inOnePiece } from './field-lines.ts';
import type { Timed } from './heartbeat.ts';
import { Mirrors } from './mirrors.ts';
import type { ProxyOptions } from './options.ts';
import { Outbox } from './outbox.ts';
import { Running } from './running.ts';
import { Tally } from './tally.ts';
import { UpstreamTls } from './upstream/tls.ts';
import { Upstreams } from './upstreams.ts';

/** What both lanes share: the settings, resolved once, and the little that changes. */
export interface Context
  extends Required<
      Pick<
        ProxyOptions,
        'trusts' | 'isReady' | 'upstreamHost' | 'tellsFailures' | 'chance' | 'now' | 'nextId'
      >
    >,
    Pick<
      ProxyOptions,
      'decide' | 'prepare' | 'via' | 'observer' | 'fleet' | 'log' | 'tunnel' | 'readyPath' | 'sequences'
    > {
  readonly limits: Limits;
  readonly timeouts: Timeouts;
  readonly upstreams: Upstreams;
  readonly upstreamTls: UpstreamTls;
  readonly mirrors: Mirrors;
  /** What came of the questions whether requests may pass. */
  readonly judgements: Tally<Judgement>;
  readonly outbox: Outbox;
  readonly admission: Admission;
  /** What is asked at each beat whether it has waited long enough. */
  readonly running: Running<Timed>;
  /** What an answer says after which the connection goes on. */
  readonly keepAliveLines: string;
  /** Requests under way, without upgraded connections. */
  requests: number;
  /** Responses announce the end of their connections. */
  draining: boolean;
  /** New connections are not taken any more. */
  closed: boolean;
}

export const createContext = (options: ProxyOptions): Context => {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
  const { chance = Math.random } = options;
  const outbox = new Outbox();
  const running = new Running<Timed>();
  const tls = new UpstreamTls();
  const toUpstreams = { timeouts, outbox, tls, log: options.log };
  return {
    trusts: () => false,
    isReady: () => true,
    upstreamHost: 'preserve',
    tellsFailures: false,
    now: () => performance.now(),
    nextId: nanoid,
    ...options,
    chance,
    limits,
    timeouts,
    upstreams: new Upstreams({ ...toUpstreams, mostConnections: limits.connectionsPerInstance }),
    upstreamTls: tls,
    mirrors: new Mirrors(toUpstreams, running),
    judgements: new Tally(),
    outbox,
    admission: new Admission(limits, timeouts.loopDelay, chance),
    running,
    keepAliveLines: keepAliveLines(timeouts.keepAlive),
    requests: 0,
    draining: false,
    closed: false,
  };
};

/** As Node's server has it; the hint keeps clients from using a connection that is about to be closed. */
const keepAliveLines = (keepAlive: number): string => {
  const hint = keepAlive === 0 ? '' : `Keep-Alive: timeout=${Math.floor(keepAlive / 1_000)}\r\n`;
  return inOnePiece(`Connection: keep-alive\r\n${hint}`);
};
