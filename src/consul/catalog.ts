import { createGate } from '../core/decide/gate.ts';
import type { Catalog } from '../core/model/instance.ts';
import type { SourceState } from '../core/model/snapshot.ts';
import type { Log } from '../telemetry/log.ts';
import { systemTimers, type Timers } from '../telemetry/timers.ts';
import { ringBells } from './bells.ts';
import type { ConsulClient } from './client.ts';
import { createHeldCatalog, type LastCatalog } from './held-catalog.ts';
import { HOLD_MS, SETTLE_MS } from './hold.ts';
import { backOff, createThrottle } from './pace.ts';
import { createReadQueue, type ReadKind } from './read-queue.ts';
import { READS_AT_ONCE } from './reads.ts';
import { createRightsCheck } from './rights.ts';
import { createSession } from './session.ts';
import { createViews } from './views.ts';

export interface CatalogWatchOptions {
  readonly client: ConsulClient;
  /**
   * Called with the whole catalog when it is complete for the first time, and after each change of content; with
   * the last known one before that, where Consul doesn't answer.
   * The array of a service that did not change is the same object as before. Never called synchronously, nor
   * after `stop`. Must not throw.
   */
  readonly onCatalog: (catalog: Catalog) => void;
  readonly log: Log;
  /** What to go by while Consul was never there. */
  readonly last?: LastCatalog;
  /** How long an instance is kept whose loss is doubted (hold.ts), in milliseconds. */
  readonly holdMs?: number;
  readonly timers?: Timers;
  /** Draws from [0, 1). */
  readonly chance?: () => number;
}

export interface CatalogWatch {
  /** Resolves when Consul's own catalog was told for the first time; stays pending while it was never there. */
  readonly ready: Promise<void>;
  stop(): void;
  status(): SourceState;
  /** Lets go of instances that are held, of one service or of all, and tells so at once. @returns how many that were */
  release(service?: string): number;
}

/** A Consul that neither answers nor fails is waited for so long where there is a last known catalog. */
const PATIENCE_MS = 2_000;

/** Everything is read again about this often, whatever the bells say. */
const RECONCILE_MS = 30_000;

/** A change is told at once, and a storm of them in pieces: each costs whoever serves some milliseconds. */
const PUBLISH_EVERY_MS = 100;

/**
 * Follows the whole catalog with five connections, however many services there are: three long polls say that
 * (and mostly where) something changed, and services are then read one by one over two more.
 */
export const watchCatalog = (options: CatalogWatchOptions): CatalogWatch => {
  const { client, log, last, holdMs = HOLD_MS, timers = systemTimers, chance = Math.random } = options;
  const stopped = new AbortController();
  const { signal } = stopped;
  const views = createViews({ client, isListed: name => bells.lists(name), log, signal });
  const checkRights = createRightsCheck(client.address, log);
  const session = createSession({
    queries: ['bells', 'reads'],
    address: client.address,
    hasLast: last !== undefined,
    log,
    timers,
  });
  const held = createHeldCatalog({
    ...{ holdMs, timers, onCatalog: options.onCatalog },
    ...(last === undefined ? {} : { last }),
  });
  const ready = createGate();

  /** Counts breaks; what Consul says is trusted once a sweep was completed in the present session. */
  let current = 0;
  let trusted = -1;
  let sweptIn = -1;
  let isRead = false;
  /** The agent may have restarted since the last trusted view. */
  let restarted = false;
  let settleUntil = 0;
  let failures = 0;
  let cancelReconcile = (): void => {};

  const publish = (): void =>
    held.update(views.catalog(), {
      trusts: name => trusted === current && views.isWhole(name),
      settling: restarted || timers.wall() < settleUntil,
    });

  const publishing = createThrottle(timers, PUBLISH_EVERY_MS, publish);

  const read = async (name: string, kind: ReadKind): Promise<void> => {
    const began = current;
    try {
      const { regressed, changed } = await views.refresh(name, began, kind === 'urgent');
      if (regressed) beginAnew();
      else if (changed && kind === 'rest' && isRead) publishing.want();
    } catch (error) {
      // A connection that breaks ends all reads on it: that is one failure.
      if (signal.aborted || began !== current) return;
      queue.clear();
      failed('reads', error);
      current += 1;
      failures += 1;
      readAgain();
    }
  };

  const readAgain = (): void => {
    cancelReconcile();
    const waiting = new AbortController();
    cancelReconcile = () => waiting.abort();
    void client.recovery.wait(timers, backOff(failures, chance), waiting.signal).then(() => {
      if (!waiting.signal.aborted) reconcile();
    });
  };

  const failed = (query: string, error: unknown): void => {
    session.failed(query, error);
    standIn();
  };

  const standIn = (): void => {
    if (last === undefined || !held.standIn()) return;
    const ageSeconds = Math.round((timers.wall() - last.at) / 1_000);
    log.warn(
      { consul: client.address, ageSeconds },
      'the last known catalog is in force until Consul answers',
    );
  };

  /** From here on what Consul says may be news from another life. */
  const endSession = (): void => {
    current += 1;
    restarted = held.current() !== undefined;
  };

  const beginAnew = (): void => {
    endSession();
    queue.sweep();
  };

  const reconcile = (): void => {
    if (bells.areUp()) queue.sweep();
    cancelReconcile();
    cancelReconcile = timers.after(RECONCILE_MS * (0.75 + chance() / 2), reconcile);
  };

  const queue = createReadQueue({
    read,
    beginSweep: () => {
      sweptIn = current;
      return new Set([...bells.services(), ...views.names()]);
    },
    onUrgentDone: () => {
      if (isRead) publishing.want();
    },
    onSweepDone: () => {
      if (failures > 0) client.recovery.answered();
      failures = 0;
      isRead = true;
      if (checkRights({ listed: bells.services().length, hidden: views.hidden() })) queue.sweep();
      session.answered('reads');
      publish();
      views.forgetBut(bells.services());
      ready.open();
      if (sweptIn !== current || !bells.areUp()) return;
      trusted = current;
      if (restarted) settleUntil = timers.wall() + SETTLE_MS;
      restarted = false;
    },
    atOnce: READS_AT_ONCE,
    timers,
  });

  const bells = ringBells({
    client,
    timers,
    chance,
    expectsConsul: last?.catalog.has('consul') === true,
    onBreak: error => {
      failed('bells', error);
      endSession();
    },
    onUp: () => session.answered('bells'),
    onReset: beginAnew,
    onServices: names => {
      queue.urgent(names);
      queue.likely(views.recent());
      queue.sweep();
    },
    onEmptied: gone => {
      log.warn({ consul: client.address, gone }, 'Consul has lost most services at once: they are held');
      beginAnew();
    },
    onChecks: (names, nodes) => {
      queue.urgent([...names, ...(nodes.size > 0 ? views.servicesOn(nodes) : [])]);
    },
  });
  cancelReconcile = timers.after(RECONCILE_MS, reconcile);
  const cancelPatience = timers.after(PATIENCE_MS, standIn);

  return {
    ready: ready.opened,
    stop: () => {
      stopped.abort();
      bells.stop();
      queue.stop();
      publishing.stop();
      held.stop();
      cancelReconcile();
      cancelPatience();
    },
    release: held.release,
    status: () => ({
      ...session.status(),
      ...(isRead || last === undefined || held.current() === undefined ? {} : { lastKnown: last.at }),
    }),
  };
};
