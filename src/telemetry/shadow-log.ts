import type { Rule } from '../core/model/rule.ts';
import type { Log } from './log.ts';

/**
 * To be called at each swap. Says once of each rule that lies where the gateway answers for itself that nobody reaches it
 * there.
 */
export const createShadowLog = (readyPath: string, log: Log): ((rules: readonly Rule[]) => void) => {
  const said = new Set<string>();
  return rules => {
    for (const { id, match } of rules) {
      const { kind, path } = match;
      if (kind === 'regex' || said.has(id)) continue;
      if (path !== readyPath && path !== '/.sluice' && !path.startsWith('/.sluice/')) continue;
      said.add(id);
      log.warn(
        { route: id },
        'the gateway answers for itself at --ready-path and below /.sluice: choose another path for one of them',
      );
    }
  };
};
