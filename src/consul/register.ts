import { createGate } from '../core/decide/gate.ts';
import type { Log } from '../telemetry/log.ts';
import { pause, systemTimers, type Timers } from '../telemetry/timers.ts';
import type { CheckStatus, ConsulClient } from './client.ts';
import { CheckUnknown, describeFailure } from './errors.ts';
import { backOff } from './pace.ts';
import { checkIdOf, type ServiceDefinition } from './registration.ts';

export interface KeepRegisteredOptions {
  readonly client: ConsulClient;
  readonly definition: ServiceDefinition;
  /**
   * Asked before each registration and each report of a TTL check. One that throws counts as critical; while it
   * does not answer nothing is reported, so that the TTL runs out.
   */
  readonly health: () => CheckStatus | Promise<CheckStatus>;
  readonly log: Log;
  readonly timers?: Timers;
  /** Draws from [0, 1). */
  readonly chance?: () => number;
}

export interface Registration {
  /** Resolves when the agent has the service for the first time; stays pending while Consul is away. */
  readonly ready: Promise<void>;
  /** The health may have changed: a TTL check is reported at once. */
  healthChanged(): void;
  /**
   * Deregisters, within about 4 s whatever Consul does, and never registers again. Never rejects; a second
   * call gives the same promise.
   */
  close(): Promise<void>;
}

/** How long `close` waits for a call under way, and then again for the deregistration. */
const CLOSE_STEP_MS = 2_000;

/** How often the agent is asked whether it still has a service whose check is not ours to report. */
const PRESENCE_MS = 5_000;

/**
 * Keeps one instance registered with the agent: reports its TTL check at about a third of the TTL, registers
 * again when the agent has forgotten it, and tries for ever while Consul is away.
 */
export const keepRegistered = (options: KeepRegisteredOptions): Registration => {
  const { client, definition, log, timers = systemTimers, chance = Math.random } = options;
  const { id, name, check } = definition;
  const periodMs = 'ttlSeconds' in check ? (check.ttlSeconds * 1_000) / 3 : PRESENCE_MS;
  const ready = createGate();
  let closing: Promise<void> | undefined;
  let registered = false;
  let wasEverRegistered = false;
  let failures = 0;
  /** The last registration that was sent. */
  let underway: Promise<void> = Promise.resolve();
  /** Ends the present pause; replaced by each. */
  let wake = new AbortController();

  const register = async (): Promise<void> => {
    const status = await healthNow();
    if (closing !== undefined) return;
    underway = client.registerService(definition, status);
    await underway;
    const fields = { service: name, id, consul: client.address, health: status };
    log.info(fields, wasEverRegistered ? 'registered again: Consul had forgotten' : 'registered');
    registered = true;
    wasEverRegistered = true;
    ready.open();
  };

  const report = async (): Promise<void> => {
    if ('http' in check) {
      registered = await client.knowsService(id);
      return;
    }
    const status = await healthNow();
    if (closing === undefined) await client.updateCheck(checkIdOf(id), status);
  };

  const healthNow = async (): Promise<CheckStatus> => {
    try {
      return await options.health();
    } catch (error) {
      log.warn(
        { service: name, id, err: error },
        'the health of the service could not be told; taken for critical',
      );
      return 'critical';
    }
  };

  /** One call; milliseconds until the next. */
  const step = async (): Promise<number> => {
    try {
      if (registered) await report();
      else await register();
      if (failures > 0) {
        log.info({ service: name, id }, 'Consul takes reports again');
        client.recovery.answered();
      }
      failures = 0;
      return registered ? periodMs * (0.75 + chance() / 2) : 0;
    } catch (error) {
      if (closing !== undefined) return 0;
      if (error instanceof CheckUnknown) {
        registered = false;
        return 0;
      }
      failures += 1;
      if (failures === 1) {
        log.warn({ service: name, id, detail: describeFailure(error) }, 'Consul takes no reports; trying on');
      }
      return Math.min(backOff(failures, chance), periodMs);
    }
  };

  const run = async (): Promise<void> => {
    while (closing === undefined) {
      wake = new AbortController();
      const { signal } = wake;
      const delay = await step();
      await (failures > 0 ? client.recovery.wait(timers, delay, signal) : pause(timers, delay, signal));
    }
  };

  const close = async (): Promise<void> => {
    wake.abort();
    // A registration under way must not reach the agent after the deregistration.
    await within(
      timers,
      CLOSE_STEP_MS,
      underway.catch(() => {}),
    );
    try {
      await client.deregisterService(id, { signal: AbortSignal.timeout(CLOSE_STEP_MS) });
      log.info({ service: name, id }, 'deregistered');
    } catch (error) {
      const detail = describeFailure(error);
      log.warn(
        { service: name, id, detail },
        'could not deregister; Consul drops the service when its check fails',
      );
    }
  };

  void run();
  return {
    ready: ready.opened,
    healthChanged: () => wake.abort(),
    close: () => {
      closing ??= Promise.resolve().then(close);
      return closing;
    },
  };
};

const within = async (timers: Timers, ms: number, work: Promise<void>): Promise<void> => {
  const timeout = new AbortController();
  await Promise.race([work, pause(timers, ms, timeout.signal)]);
  timeout.abort();
};
