import type { SourceState } from '../core/model/snapshot.ts';
import type { Log } from '../telemetry/log.ts';
import type { Timers } from '../telemetry/timers.ts';
import { describeFailure } from './errors.ts';

/** What several queries together know of Consul: up while none of them fails. Logs each change of state once. */
export interface Session {
  answered(query: string): void;
  failed(query: string, error: unknown): void;
  status(): SourceState;
}

/** @param queries all that must have answered before Consul counts as up */
export const createSession = (options: {
  readonly queries: readonly string[];
  readonly address: string;
  readonly log: Log;
  readonly timers: Timers;
  /** There is a catalog to go by before the first answer. */
  readonly hasLast?: boolean;
}): Session => {
  const { queries, address, log, timers, hasLast = false } = options;
  const waiting = new Set(queries);
  let status: SourceState = { state: 'down', since: timers.wall(), detail: 'no answer yet' };
  let said: 'nothing' | 'up' | 'down' = 'nothing';
  return {
    answered: query => {
      waiting.delete(query);
      if (status.state === 'up' || waiting.size > 0) return;
      status = { state: 'up', since: timers.wall() };
      log.info({ consul: address }, said === 'down' ? 'Consul answers again' : 'Consul answers');
      said = 'up';
    },
    failed: (query, error) => {
      waiting.add(query);
      const detail = describeFailure(error);
      status = { state: 'down', since: status.state === 'up' ? timers.wall() : status.since, detail };
      if (said === 'down') return;
      const effect = said === 'up' || hasLast ? 'the last known catalog stays in force' : 'waiting for it';
      said = 'down';
      log.warn({ consul: address, query, detail }, `Consul is away; ${effect}`);
    },
    status: () => status,
  };
};
