import type { IncomingMessage, RequestListener } from 'node:http';
import type { TestContext } from 'node:test';
import { Fleet } from '../../../src/core/balance/fleet.ts';
import { decide } from '../../../src/core/decide/decide.ts';
import { NO_PINS, type Picking } from '../../../src/core/decide/picking.ts';
import { compileRoutes } from '../../../src/core/match/match.ts';
import type { Auth, Filter } from '../../../src/core/model/filter.ts';
import type { ProxyOptions } from '../../../src/proxy/options.ts';
import { buildSnapshot, catalogOf, documentRule, instance } from '../../core/build.ts';
import { type ProxyUnderTest, startHttp, startProxy } from './proxy.ts';

type Filtered = Partial<Omit<Auth, 'type' | 'service'>>;

export interface JudgedOptions extends Partial<ProxyOptions> {
  readonly auth?: Filtered;
  readonly others?: readonly Filter[];
  readonly picking?: Picking;
  /** How the upstreams are spoken to. */
  readonly proto?: string;
}

/** A proxy whose one rule has these ports judge what goes to that one. */
export const judged = async (
  t: TestContext,
  judges: readonly number[],
  upstreams: readonly number[],
  { auth = {}, others = [], picking = NO_PINS, proto = 'http', ...options }: JudgedOptions = {},
): Promise<ProxyUnderTest> => {
  const at = (service: string, ports: readonly number[]) =>
    ports.map((port, i) =>
      instance({
        service,
        address: '127.0.0.1',
        port,
        tags: service === 'shop' ? [`version=v${i + 1}`, `proto=${proto}`] : [],
      }),
    );
  const filter: Auth = { type: 'auth', service: 'judge', path: '/verify', asksFor: 'path', ...auth };
  const { rules } = buildSnapshot({
    catalog: catalogOf(...at('shop', upstreams), ...at('judge', judges)),
    weights: new Map(),
    documents: {
      rules: [
        { ...documentRule('/', [{ service: 'shop', weight: 1 }]), filters: [...others, filter], retries: 1 },
      ],
      problems: [],
    },
    policy: 'passing-only',
    tagPrefix: '',
  });
  const table = compileRoutes(rules);
  const fleet = new Fleet();
  const proxy = await startProxy(t, 0, {
    fleet,
    chance: () => 0,
    decide: (facts, now) => decide(table, facts, fleet, now, () => 0, picking),
    ...options,
  });
  return { ...proxy, fleet };
};

/** Heads of what a server was asked for, in order. */
export const recording = async (
  t: TestContext,
  answer: RequestListener = (_, res) => res.end('hello'),
): Promise<{ port: number; seen: IncomingMessage[] }> => {
  const seen: IncomingMessage[] = [];
  const { port } = await startHttp(t, (req, res) => {
    seen.push(req);
    req.resume();
    answer(req, res);
  });
  return { port, seen };
};

export const letsPass = (fields: Record<string, string> = {}, status = 200): RequestListener => {
  return (_, res) => res.writeHead(status, fields).end('fine');
};
