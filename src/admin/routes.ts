import type { Snapshot } from '../core/model/snapshot.ts';
import { readDuration } from '../core/values.ts';
import { CONTENT_TYPE } from '../telemetry/exposition.ts';
import type { ReleaseAnswer } from './api.ts';
import { canaryRoutes } from './canaries.ts';
import { describedRequest, explainAnswer } from './explain.ts';
import { type Follower, followWeights } from './follower.ts';
import type { AdminParts } from './parts.ts';
import { AdminProblem, type AdminRoute, type Call, type Reply } from './router.ts';
import * as view from './views.ts';
import { weightsRoutes } from './weights-routes.ts';

const MAX_WAIT_MS = 60_000;

/** Every path of the admin port, in the order of the documentation. */
export const adminRoutes = (parts: AdminParts): readonly AdminRoute[] => {
  const follower = followWeights(parts.weights);
  return [
    { method: 'GET', path: '/healthz', handle: () => plain(200, 'alive\n') },
    { method: 'GET', path: '/readyz', handle: () => readiness(parts) },
    { method: 'GET', path: '/metrics', handle: metrics(parts) },
    { method: 'GET', path: '/api/status', handle: async () => ok(await view.status(parts)) },
    {
      method: 'GET',
      path: '/api/routes',
      handle: async () => ok(view.routes(snapshotOf(parts), await parts.ejected())),
    },
    {
      method: 'GET',
      path: '/api/services',
      handle: async () => ok(view.services(snapshotOf(parts), await parts.ejected())),
    },
    { method: 'GET', path: '/api/explain', handle: call => explained(parts, call) },
    { method: 'GET', path: '/api/quarantine', handle: () => ok(view.quarantine(snapshotOf(parts))) },
    { method: 'DELETE', path: '/api/held', handle: () => release(parts) },
    { method: 'DELETE', path: '/api/held/:service', handle: ({ params }) => release(parts, params.service) },
    { method: 'GET', path: '/api/weights', handle: call => weights(parts, follower, call) },
    ...weightsRoutes(parts.weights),
    ...canaryRoutes(parts.canaries),
  ];
};

const ok = (body: unknown): Reply => ({ status: 200, body });

const plain = (status: number, body: string): Reply => ({
  status,
  body,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
});

const readiness = (parts: AdminParts): Reply => {
  if (parts.isDraining()) return plain(503, 'draining\n');
  if (parts.isReady()) return plain(200, 'ready\n');
  const missing = [
    parts.consul().state === 'down' ? 'Consul' : undefined,
    parts.weights.status().state === 'down' ? 'Redis' : undefined,
  ].filter(name => name !== undefined);
  return plain(503, `waiting for ${missing.join(' and ') || 'the first snapshot'}\n`);
};

/** Scrapes at once. They take turns, so that many would keep each other from ending. */
export const MOST_SCRAPES = 8;

const metrics = (parts: AdminParts): ((call: Call) => Promise<Reply>) => {
  let running = 0;
  return async ({ signal }) => {
    if (running >= MOST_SCRAPES) {
      const detail = `${running} scrapes are under way; one that is not read any more ends within a minute`;
      throw new AdminProblem(503, 'Overloaded', detail, { 'retry-after': '1' });
    }
    running += 1;
    signal.addEventListener('abort', () => {
      running -= 1;
    });
    return { status: 200, body: await parts.metrics(), headers: { 'content-type': CONTENT_TYPE } };
  };
};

const explained = async (parts: AdminParts, { query }: Call): Promise<Reply> => {
  const snapshot = snapshotOf(parts);
  const facts = describedRequest(query);
  const explanation = parts.explain(snapshot, facts);
  return ok(explainAnswer(facts, explanation, snapshot, await parts.ejected()));
};

const snapshotOf = (parts: AdminParts): Snapshot => {
  const current = parts.snapshot();
  if (current === undefined) {
    throw new AdminProblem(503, 'Not ready', 'there is no snapshot yet; /readyz says what is missing', {
      'retry-after': '1',
    });
  }
  return current.snapshot;
};

const release = (parts: AdminParts, service?: string): Reply => {
  const { instances, documents } = parts.release(service);
  const answer: ReleaseAnswer = { released: instances, documents };
  return ok(answer);
};

const weights = async (parts: AdminParts, follower: Follower, { query, signal }: Call): Promise<Reply> => {
  const seen = Number(query.get('index') ?? 0);
  const wait = query.get('wait');
  const waitMs = wait === null ? MAX_WAIT_MS : readDuration(wait);
  if (!Number.isSafeInteger(seen) || seen < 0 || waitMs === undefined) {
    throw new AdminProblem(
      400,
      'Bad request',
      'index is a whole number and wait a duration, e.g. ?index=3&wait=30s',
    );
  }
  if (seen > 0 && seen === follower.index()) await follower.next(Math.min(waitMs, MAX_WAIT_MS), signal);
  // Before it, weights that exist may not have been read yet; a sidecar that follows keeps those it knows.
  const body = view.weights(follower.index(), parts.weights.current(), snapshotOf(parts));
  return { status: 200, body, headers: { 'x-sluice-index': String(body.index) } };
};
