import { z } from 'zod';
import { type Act, type Change, type LedgerEntry, WeightsError } from '../core/model/weights.ts';
import { readDuration } from '../core/values.ts';
import type { AdminWeights } from './parts.ts';
import { AdminProblem, type AdminRoute, type Call, type Reply } from './router.ts';
import { entryAnswer, type HistoryAnswer } from './weights-api.ts';

/** Changing the weights of one service, and what was changed. */
export const weightsRoutes = (store: AdminWeights): readonly AdminRoute[] => [
  { method: 'PUT', path: '/api/weights/:service', handle: call => set(store, call) },
  { method: 'DELETE', path: '/api/weights/:service', handle: call => clear(store, call) },
  { method: 'PUT', path: '/api/weights/:service/freeze', handle: call => freeze(store, call) },
  { method: 'DELETE', path: '/api/weights/:service/freeze', handle: call => unfreeze(store, call) },
  { method: 'GET', path: '/api/weights/:service/history', handle: call => history(store, call) },
];

const ACT = z.strictObject({
  reason: z.string().max(500).optional(),
  actor: z.string().min(1).max(100).optional(),
  expectRevision: z.number().int().min(0).optional(),
});
const LASTING = ACT.extend({ for: z.string().optional() });
const CHANGE = LASTING.extend({ weights: z.record(z.string(), z.number()) });

const set = async (store: AdminWeights, { params, body }: Call): Promise<Reply> => {
  const { weights, ...given } = read(CHANGE, await body(), '{"weights": {"v1": 95, "v2": 5}, "reason": "…"}');
  const named = new Map(Object.entries(weights));
  return asked(() => store.set(params.service ?? '', named, changeOf(given)));
};

const clear = async (store: AdminWeights, { params, query }: Call): Promise<Reply> => {
  const given = read(LASTING, fromQuery(query), '?reason=…&expectRevision=7');
  return asked(() => store.clear(params.service ?? '', changeOf(given)));
};

const freeze = async (store: AdminWeights, { params, body }: Call): Promise<Reply> => {
  const given = read(ACT, await body(), '{"reason": "…"}');
  return asked(() => store.freeze(params.service ?? '', actOf(given)));
};

const unfreeze = async (store: AdminWeights, { params, query }: Call): Promise<Reply> => {
  const given = read(ACT, fromQuery(query), '?reason=…');
  return asked(() => store.unfreeze(params.service ?? '', actOf(given)));
};

const history = async (store: AdminWeights, { params, query }: Call): Promise<Reply> => {
  const count = Number(query.get('count') ?? 20);
  if (!Number.isSafeInteger(count) || count < 1 || count > 1000) {
    throw new AdminProblem(400, 'Bad request', 'count is a whole number from 1 to 1000');
  }
  return asked(() => store.history(params.service ?? '', count));
};

const read = <T>(schema: z.ZodType<T>, given: unknown, example: string): T => {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') || 'body';
  throw new AdminProblem(400, 'Bad request', `${where}: ${issue?.message}; expected e.g. ${example}`);
};

const fromQuery = (query: URLSearchParams): object => {
  const revision = query.get('expectRevision');
  return {
    ...Object.fromEntries(query),
    ...(revision === null ? {} : { expectRevision: /^\d+$/.test(revision) ? Number(revision) : revision }),
  };
};

const actOf = ({ actor = 'api', reason, expectRevision }: z.infer<typeof ACT>): Act => ({
  ...{ actor, source: 'api' },
  ...(reason === undefined ? {} : { reason }),
  ...(expectRevision === undefined ? {} : { expectRevision }),
});

const changeOf = ({ for: lasting, ...act }: z.infer<typeof LASTING>): Change => {
  if (lasting === undefined) return actOf(act);
  const forMs = readDuration(lasting);
  if (forMs === undefined) throw new AdminProblem(400, 'Bad request', 'for: expected a duration, e.g. 30m');
  return { ...actOf(act), forMs };
};

const REFUSED: Readonly<Record<WeightsError['code'], readonly [status: number, title: string]>> = {
  refused: [422, 'Refused'],
  unavailable: [503, 'Unavailable'],
  conflict: [409, 'Conflict'],
  frozen: [423, 'Frozen'],
  fenced: [409, 'Fenced'],
};

/** The store's refusals are answers; anything else is a failure of ours. */
const asked = async (work: () => Promise<LedgerEntry | readonly LedgerEntry[]>): Promise<Reply> => {
  try {
    const result = await work();
    if (!('length' in result)) return { status: 200, body: entryAnswer(result) };
    const answer: HistoryAnswer = { entries: result.map(entryAnswer) };
    return { status: 200, body: answer };
  } catch (error) {
    if (!(error instanceof WeightsError)) throw error;
    const [status, title] = REFUSED[error.code];
    throw new AdminProblem(status, title, error.message);
  }
};
