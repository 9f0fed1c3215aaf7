import { nanoid } from 'nanoid';
import { DEFAULT_LIMITS, DEFAULT_TIMEOUTS, type Limits, type Timeouts } from '../core/limits.ts';
import type { ProxyOptions } from './options.ts';
import { Upstreams } from './upstreams.ts';

/** What both lanes share: the settings, resolved once, and the little that changes. */
export interface Context
  extends Required<Pick<ProxyOptions, 'trusts' | 'isReady' | 'tellsFailures' | 'chance' | 'nextId'>>,
    Pick<ProxyOptions, 'decide' | 'prepare' | 'via' | 'observer' | 'loads' | 'log' | 'tunnel' | 'readyPath'> {
  readonly limits: Limits;
  readonly timeouts: Timeouts;
  readonly upstreams: Upstreams;
  /** Requests under way, without upgraded connections. */
  requests: number;
  /** Responses announce the end of their connections. */
  draining: boolean;
}

export const createContext = (options: ProxyOptions): Context => {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
  return {
    trusts: () => false,
    isReady: () => true,
    tellsFailures: false,
    chance: Math.random,
    nextId: nanoid,
    ...options,
    limits,
    timeouts,
    upstreams: new Upstreams(limits, timeouts),
    requests: 0,
    draining: false,
  };
};
