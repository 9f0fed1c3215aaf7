import { z } from 'zod';
import { CanaryError } from '../core/canary.ts';
import { ConfigError } from '../core/settings/settings.ts';
import type { CanariesAnswer, CanaryAnswer } from './canaries-api.ts';
import type { AdminCanaries } from './parts.ts';
import { AdminProblem, type AdminRoute, type Reply } from './router.ts';

const COMMAND = z.strictObject({
  reason: z.string().max(500).optional(),
  actor: z.string().min(1).max(100).optional(),
});

/** The paths of rollouts. */
export const canaryRoutes = (canaries: AdminCanaries): readonly AdminRoute[] => [
  {
    method: 'GET',
    path: '/api/canaries',
    handle: () => asked(async (): Promise<CanariesAnswer> => ({ canaries: await canaries.list() })),
  },
  {
    method: 'GET',
    path: '/api/canaries/:service',
    handle: ({ params: { service = '' } }) => asked(async () => found(service, await canaries.get(service))),
  },
  {
    method: 'PUT',
    path: '/api/canaries/:service',
    handle: ({ params, body }) => asked(async () => canaries.start(params.service ?? '', await body())),
  },
  {
    method: 'PUT',
    path: '/api/canaries/:service/:command',
    handle: ({ params: { service = '', command = '' }, body }) =>
      asked(async () => {
        const parsed = COMMAND.safeParse(await body());
        if (!parsed.success) {
          const example = '{"reason": "…", "actor": "…"}';
          throw new AdminProblem(400, 'Bad request', `the body: expected e.g. ${example}, or {}`);
        }
        const { actor = 'api', reason } = parsed.data;
        return canaries.command(service, command, { actor, ...(reason === undefined ? {} : { reason }) });
      }),
  },
];

const found = (service: string, answer: CanaryAnswer | undefined): CanaryAnswer => {
  if (answer !== undefined) return answer;
  throw new AdminProblem(404, 'Not found', `there was no rollout of ${service} yet`);
};

const asked = async (work: () => Promise<unknown>): Promise<Reply> => {
  try {
    return { status: 200, body: await work() };
  } catch (error) {
    if (error instanceof ConfigError) {
      throw new AdminProblem(400, 'Bad request', error.problems.join('; '));
    }
    if (!(error instanceof CanaryError)) throw error;
    const refused = error.code === 'refused';
    throw new AdminProblem(refused ? 422 : 503, refused ? 'Refused' : 'Unavailable', error.message);
  }
};
