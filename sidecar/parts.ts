import type { ConsulClient } from '../src/consul/client.ts';
import { openConsul } from '../src/consul/open.ts';
import { watchService } from '../src/consul/service-watch.ts';
import { Fleet } from '../src/core/balance/fleet.ts';
import { pickingOf } from '../src/core/settings/picking-settings.ts';
import { fleetSettingsOf } from '../src/core/settings/traffic-settings.ts';
import { logEjections } from '../src/telemetry/ejection-log.ts';
import type { Log } from '../src/telemetry/log.ts';
import { openRedisStore } from '../src/weights/redis-store.ts';
import { adminWeights, noWeights, type WeightSource } from './admin-weights.ts';
import { type CalledServices, createCalledServices } from './called.ts';
import type { SidecarSettings } from './settings.ts';

/** What the sidecar process and the SDK have in common. */
export interface Parts {
  readonly consul: ConsulClient;
  readonly called: CalledServices;
  close(): Promise<void>;
}

/** @throws ConfigError */
export const openParts = (settings: SidecarSettings, log: Log, speaks: 'any' | 'http'): Parts => {
  const consul = openConsul(settings);
  const weights = openWeights(settings, log);
  const called = createCalledServices({
    follow: (name, onInstances) => watchService({ client: consul, name, log, onInstances }).stop,
    weights,
    policy: settings.live,
    tagPrefix: settings.tagPrefix,
    speaks,
    picking: pickingOf(settings),
    fleet: new Fleet(fleetSettingsOf(settings), logEjections(log)),
    chance: Math.random,
    now: () => performance.now(),
  });
  return {
    consul,
    called,
    close: async () => {
      called.close();
      consul.close();
      await weights.close();
    },
  };
};

/** Redis where there is one, else a gateway that follows it, else nobody names any weights. */
const openWeights = ({ redis, redisPrefix, admin }: SidecarSettings, log: Log): WeightSource => {
  if (redis === 'off') {
    return admin === undefined ? noWeights : adminWeights({ url: admin, log, chance: Math.random });
  }
  return openRedisStore({ url: redis, prefix: redisPrefix, name: 'sluice-sidecar', log });
};
