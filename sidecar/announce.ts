import { setTimeout as sleep } from 'node:timers/promises';
import type { CheckStatus, ConsulClient } from '../src/consul/client.ts';
import { keepRegistered, type Registration } from '../src/consul/register.ts';
import type { ServiceDefinition } from '../src/consul/registration.ts';
import type { Log } from '../src/telemetry/log.ts';
import { ownAddress } from './own-address.ts';
import { type Probe, watchHealth } from './probe.ts';

export interface AnnounceOptions {
  readonly client: ConsulClient;
  /** Where Consul is, as it was configured. */
  readonly consul: string;
  /** What others reach this machine at; found out where absent. */
  readonly address: string | undefined;
  /** @param address as it is registered; empty for that of the agent's node */
  readonly define: (address: string) => ServiceDefinition;
  readonly probe: Probe;
  readonly log: Log;
  /** Aborted when it is time to leave: health is watched no more. Closing the registration is the caller's. */
  readonly leave: AbortSignal;
}

const LOOK_EVERY_MS = 1_000;

/**
 * Keeps an instance registered, and its check in step with its health.
 *
 * @returns undefined where it was time to leave before there was an address to register
 */
export const announce = async (options: AnnounceOptions): Promise<Registration | undefined> => {
  const { client, define, probe, log, leave } = options;
  const address = options.address ?? (await findAddress(options.consul, log, leave));
  if (address === undefined || leave.aborted) return undefined;
  const definition = define(address);
  let status: CheckStatus | undefined;
  const registration = keepRegistered({
    client,
    definition,
    health: async () => status ?? ((await probe()).well ? 'passing' : 'critical'),
    log,
  });
  // Where the agent asks for itself, nobody else has to.
  if ('http' in definition.check) return registration;
  void watchHealth({
    probe,
    every: LOOK_EVERY_MS,
    signal: leave,
    onChange: finding => {
      const before = status;
      status = finding.well ? 'passing' : 'critical';
      if (!finding.well) log.warn({ reason: finding.reason }, 'the service is not well');
      else if (before !== undefined) log.info('the service is well again');
      if (before !== undefined) registration.healthChanged();
    },
  });
  return registration;
};

/** Asks until the agent's name is known to the resolver. */
const findAddress = async (consul: string, log: Log, leave: AbortSignal): Promise<string | undefined> => {
  for (let tries = 0; !leave.aborted; tries++) {
    try {
      return await ownAddress(consul);
    } catch (err) {
      if (tries === 0) log.warn({ consul, err }, 'there is no way to Consul yet; trying on');
      await sleep(LOOK_EVERY_MS, undefined, { signal: leave }).catch(() => {});
    }
  }
  return undefined;
};
