import { DEFAULT_STICKY_KEY } from '../core/decide/picking.ts';
import type { Rule } from '../core/model/rule.ts';
import type { Log } from './log.ts';

/**
 * To be called at each swap. Says once, when the first rule keeps sessions, that whoever has read our documentation can make
 * their tokens: it takes a key of one's own to prevent that.
 */
export const createSessionKeyLog = (stickyKey: string, log: Log): ((rules: readonly Rule[]) => void) => {
  let isToBeTold = stickyKey === DEFAULT_STICKY_KEY;
  return rules => {
    const rule = isToBeTold ? rules.find(({ session }) => session !== undefined) : undefined;
    if (rule === undefined) return;
    isToBeTold = false;
    log.warn(
      { route: rule.id },
      'sessions are signed with the default --sticky-key, so anybody can choose an instance: set a secret of your own, the same at every gateway',
    );
  };
};
