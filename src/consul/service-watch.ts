import { createGate } from '../core/decide/gate.ts';
import type { Instance } from '../core/model/instance.ts';
import type { SourceState } from '../core/model/snapshot.ts';
import type { Log } from '../telemetry/log.ts';
import { systemTimers, type Timers } from '../telemetry/timers.ts';
import type { ConsulClient } from './client.ts';
import { createHeldCatalog } from './held-catalog.ts';
import { HOLD_MS, SETTLE_MS } from './hold.ts';
import { readInstances } from './instances.ts';
import { createSession } from './session.ts';
import { watch } from './watch.ts';

export interface ServiceWatchOptions {
  readonly client: ConsulClient;
  readonly name: string;
  /**
   * Called with every instance that Consul lists or that is held, at Consul's first answer and after each
   * change of content. Never called synchronously, nor after `stop`. Must not throw.
   */
  readonly onInstances: (instances: readonly Instance[]) => void;
  readonly log: Log;
  /** How long an instance is kept whose loss is doubted (hold.ts), in milliseconds. */
  readonly holdMs?: number;
  readonly timers?: Timers;
  /** Draws from [0, 1). */
  readonly chance?: () => number;
}

export interface ServiceWatch {
  /** Resolves after the first `onInstances`; stays pending while Consul was never there. */
  readonly ready: Promise<void>;
  stop(): void;
  status(): SourceState;
}

/** Follows one service with one connection. */
export const watchService = (options: ServiceWatchOptions): ServiceWatch => {
  const { client, name, log, holdMs = HOLD_MS, timers = systemTimers, chance = Math.random } = options;
  const ready = createGate();
  const session = createSession({ queries: [name], address: client.address, log, timers });
  const held = createHeldCatalog({
    holdMs,
    timers,
    onCatalog: catalog => options.onInstances(catalog.get(name) ?? []),
  });
  let settleUntil = 0;

  const following = watch({
    read: async ask => {
      const answer = await client.healthService(name, ask);
      return { ...answer, data: readInstances(answer.data) };
    },
    onAnswer: ({ instances, skipped }, continuity) => {
      session.answered(name);
      if (skipped.length > 0)
        log.warn({ service: name, skipped }, 'instances without address or port are left out');
      if (continuity === 'reset' && held.current() !== undefined) settleUntil = timers.wall() + SETTLE_MS;
      held.update(new Map([[name, instances]]), {
        trusts: () => continuity === 'advancing',
        settling: timers.wall() < settleUntil,
      });
      ready.open();
    },
    onBreak: error => session.failed(name, error),
    recovery: client.recovery,
    timers,
    chance,
  });

  return {
    ready: ready.opened,
    stop: () => {
      following.stop();
      held.stop();
    },
    status: session.status,
  };
};
