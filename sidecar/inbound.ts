import { nanoid } from 'nanoid';
import { Fleet } from '../src/core/balance/fleet.ts';
import type { Decision } from '../src/core/decide/decide.ts';
import { DEFAULT_VERSION } from '../src/core/model/instance.ts';
import type { Target } from '../src/core/model/rule.ts';
import { Where } from '../src/core/model/where.ts';
import { speechOf } from '../src/core/rules/speech.ts';
import { DEFAULT_TIMEOUTS } from '../src/core/settings/limits.ts';
import { createProxy, type HttpProxy } from '../src/proxy/server.ts';
import type { Log } from '../src/telemetry/log.ts';
import type { RequestObserver } from '../src/telemetry/observer.ts';
import { standIn } from './stand-in.ts';

export interface InboundOptions {
  readonly service: string;
  readonly version: string | undefined;
  readonly id: string;
  /** Where the program listens, on this machine. */
  readonly address: string;
  readonly port: number;
  /** What the program speaks. */
  readonly proto: 'http' | 'h2c';
  readonly observer: RequestObserver;
  readonly log: Log;
}

/**
 * The way in: everything that comes goes to the program, path and host as they are. How long a caller and an answer
 * are waited for is up to the hop before, which knows whom the time is for.
 */
export const createInbound = (options: InboundOptions): HttpProxy => {
  const { service, version = DEFAULT_VERSION, id, address, port, proto, observer, log } = options;
  const instance = standIn({ id, service, serviceId: id, address, port });
  const target: Target = { instance, version, ...speechOf(instance, { protocol: proto }) };
  const rest: Omit<Decision, 'path'> = {
    where: new Where(service, service, version),
    target,
    candidates: [target],
  };
  return createProxy({
    decide: ({ path }) => ({ ...rest, path }),
    via: `sluice-${nanoid(10)}`,
    observer,
    fleet: new Fleet(),
    log,
    tellsFailures: true,
    limits: { clientRate: 0 },
    // It sheds nothing: a machine that is short of time delays every sidecar on it alike, and were all to refuse at once,
    // the gateway, which sees who is slow, would have nobody left to ask.
    timeouts: { response: 0, responseHead: 0, clientStall: DEFAULT_TIMEOUTS.responseStall, loopDelay: 0 },
    // Callers are gateways and sidecars, which have already replaced what nobody may claim of himself.
    trusts: () => true,
  });
};
