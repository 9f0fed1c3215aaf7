import { nanoid } from 'nanoid';
import type { Decision, Refusal } from '../src/core/decide/decide.ts';
import { DEFAULT_VERSION } from '../src/core/model/instance.ts';
import type { Target } from '../src/core/model/rule.ts';
import { Where } from '../src/core/model/where.ts';
import { type HostPort, isHost, withoutBrackets } from '../src/core/values.ts';
import type { ProxyFacts } from '../src/proxy/options.ts';
import { createProxy, type HttpProxy } from '../src/proxy/server.ts';
import type { Log } from '../src/telemetry/log.ts';
import type { RequestObserver } from '../src/telemetry/observer.ts';
import type { CalledServices } from './called.ts';
import { meshService } from './mesh-rule.ts';
import { isLoopback } from './own-address.ts';
import { standIn } from './stand-in.ts';
import { createTunnel } from './tunnel.ts';

export interface OutboundOptions {
  readonly called: CalledServices;
  readonly observer: RequestObserver;
  readonly log: Log;
}

/**
 * The way out, as an HTTP proxy: calls to `NAME.mesh` are discovered, split and balanced as the gateway would;
 * anything else is forwarded to where it asks for, for programs of this machine only.
 */
export const createOutbound = ({ called, observer, log }: OutboundOptions): HttpProxy => {
  let own: HostPort = { host: '127.0.0.1', port: 0 };
  const proxy = createProxy({
    prepare: ({ host }) => {
      const service = meshService(host);
      return service === undefined ? undefined : called.prepare(service);
    },
    decide: facts => decideOutbound(called, facts),
    tunnel: createTunnel(() => own),
    via: `sluice-${nanoid(10)}`,
    observer,
    fleet: called.fleet,
    log,
    trusts: isLoopback,
  });
  return {
    ...proxy,
    listen: async at => {
      const bound = await proxy.listen(at);
      const isAny = bound.host === '::' || bound.host === '0.0.0.0';
      own = isAny ? { ...own, port: bound.port } : bound;
      return bound;
    },
  };
};

export const decideOutbound = (
  called: Pick<CalledServices, 'decide'>,
  facts: ProxyFacts,
): Decision | Refusal => {
  const service = meshService(facts.host);
  if (service !== undefined) return called.decide(service, facts);
  // Open to the network, it would let strangers into whatever this machine can reach.
  if (facts.host === '' || !isLoopback(facts.peerAddress)) return { code: 'no_route' };
  return isHost(withoutBrackets(facts.host)) ? forward(facts) : { code: 'bad_request' };
};

/** One route for all of them: hosts are the program's to invent, and must not become series of metrics. */
const FORWARD = new Where('forward', 'forward', DEFAULT_VERSION);

const forward = ({ host, port = 80, path }: ProxyFacts): Decision => {
  const server = `${host}:${port}`;
  const instance = standIn({
    id: `forward/${server}`,
    // Hosts that have nothing to do with one another are not compared, nor ejected in each other's favour.
    service: server,
    serviceId: host,
    address: withoutBrackets(host),
    port,
  });
  const target: Target = { version: FORWARD.version, instance };
  return { where: FORWARD, path, target, candidates: [target] };
};
