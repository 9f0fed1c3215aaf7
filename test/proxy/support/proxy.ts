import { createServer, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { Fleet } from '../../../src/core/balance/fleet.ts';
import type { Decision } from '../../../src/core/decide/decide.ts';
import type { Instance } from '../../../src/core/model/instance.ts';
import type { Target } from '../../../src/core/model/rule.ts';
import type { Speech } from '../../../src/core/model/speech.ts';
import { Where } from '../../../src/core/model/where.ts';
import type { ProxyOptions } from '../../../src/proxy/options.ts';
import { createProxy, type HttpProxy } from '../../../src/proxy/server.ts';
import { silentLog } from '../../../src/telemetry/log.ts';
import type {
  AttemptOutcome,
  AttemptStart,
  RequestObserver,
  RequestOutcome,
  RequestStart,
} from '../../../src/telemetry/observer.ts';
import { eventually } from '../../support/wait.ts';
import { listenOn, portOf } from './raw.ts';

export const VIA = 'sluice-under-test';

/** What the proxy told its observer about one request. */
export interface Observed {
  readonly start: RequestStart;
  readonly attempts: { readonly start: AttemptStart; end?: AttemptOutcome }[];
  end?: RequestOutcome;
}

export interface ProxyUnderTest {
  readonly port: number;
  readonly proxy: HttpProxy;
  readonly fleet: Fleet;
  readonly observed: readonly Observed[];
  /** Waits until the n-th request (from 0) has ended. */
  ended(n?: number): Promise<Observed & { end: RequestOutcome }>;
}

const targetAt = (port: number, more: Partial<Target> = {}): Target => {
  const instance: Instance = {
    id: `node/svc@127.0.0.1:${port}`,
    service: 'svc',
    serviceId: `svc-${port}`,
    node: 'node',
    address: '127.0.0.1',
    port,
    health: 'passing',
    tags: [],
    weight: 1,
    createIndex: 1,
    modifyIndex: 1,
  };
  return { instance, version: 'v1', ...more };
};

const PLACE = new Where('the route', 'svc', 'v1');

/** A decision for the first of these ports, with all of them as candidates. */
export const decisionFor = (path: string, ...ports: readonly number[]): Decision => {
  const candidates = ports.map(port => targetAt(port));
  const [target] = candidates;
  if (target === undefined) throw new Error('no port');
  return { where: PLACE, target, path, candidates };
};

/** The same, at instances that are spoken to in another way. */
export const spokenTo = (speech: Speech, { candidates, ...decision }: Decision): Decision => ({
  ...decision,
  target: { ...decision.target, speech },
  candidates: candidates.map(candidate => ({ ...candidate, speech })),
});

/** A proxy on a free port that sends everything to the given ports, closed with the test. */
export const startProxy = async (
  t: TestContext,
  ports: number | readonly number[],
  options: Partial<ProxyOptions> & { traceHeaders?: readonly string[] } = {},
): Promise<ProxyUnderTest> => {
  const observed: Observed[] = [];
  const fleet = new Fleet();
  const proxy = createProxy({
    decide: ({ path }) => decisionFor(path, ...[ports].flat()),
    via: VIA,
    observer: recorder(observed, options.traceHeaders ?? []),
    fleet,
    log: silentLog,
    ...options,
  });
  t.after(() => proxy.close());
  const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 });
  const ended: ProxyUnderTest['ended'] = (n = 0) =>
    eventually(
      () => {
        const one = observed[n];
        return one?.end === undefined ? undefined : { ...one, end: one.end };
      },
      { within: 5_000, hint: `the end of request ${n}` },
    );
  return { port, proxy, fleet, observed, ended };
};

/** Fails loudly where the proxy breaks the observer's promises. */
export const recorder = (observed: Observed[], traceHeaders: readonly string[]): RequestObserver => ({
  propagationFields: new Set(['traceparent', 'tracestate', 'baggage']),
  begin: start => {
    const request: Observed = { start, attempts: [] };
    observed.push(request);
    return {
      attempt: attemptStart => {
        const attempt: Observed['attempts'][number] = { start: attemptStart };
        request.attempts.push(attempt);
        return {
          headers: traceHeaders,
          end: outcome => {
            if (attempt.end !== undefined) throw new Error('an attempt ended twice');
            attempt.end = outcome;
          },
        };
      },
      copy: () => ({ headers: traceHeaders, end: () => {} }),
      ask: () => ({ headers: traceHeaders, end: () => {} }),
      end: outcome => {
        if (request.end !== undefined) throw new Error('a request ended twice');
        if (request.attempts.some(a => a.end === undefined))
          throw new Error('an attempt outlived its request');
        request.end = outcome;
      },
    };
  },
});

/** A real HTTP server on a free port, closed with the test. */
export const startHttp = async (
  t: TestContext,
  listener: RequestListener,
): Promise<{ port: number; server: Server }> => {
  const server = createServer(listener);
  const sockets = new Set<Socket>();
  server.on('connection', socket => sockets.add(socket.once('close', () => sockets.delete(socket))));
  await listenOn(server);
  t.after(
    () =>
      new Promise<void>(resolve => {
        server.close(() => resolve());
        // Upgraded ones are none of the server's any more.
        for (const socket of sockets) socket.destroy();
      }),
  );
  return { port: portOf(server), server };
};
