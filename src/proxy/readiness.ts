import type { Context } from './context.ts';
import { type OwnAnswer, plain } from './respond.ts';

/** Whether more requests may be sent here, for load balancers in front. */
export const readiness = (
  { isReady, draining }: Pick<Context, 'isReady' | 'draining'>,
  requestId: string,
): OwnAnswer => {
  const ready = isReady() && !draining;
  return plain(ready ? 200 : 503, ready ? 'ready\n' : 'not ready\n', requestId);
};
