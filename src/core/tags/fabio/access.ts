import type { Filter } from '../../model/filter.ts';
import { isBlock } from '../spelling.ts';
import type { Options } from './options.ts';
import type { Reason } from './route.ts';

/**
 * Who may pass, by `allow=` or `deny=`. Where Fabio logs a mistake and leaves the way open, the rule is to stay shut.
 *
 * @returns undefined where everybody may
 */
export const readAccess = (options: Options): Filter | Reason | undefined => {
  const allow = options.get('allow');
  const deny = options.get('deny');
  if (allow === undefined && deny === undefined) return undefined;
  if (allow !== undefined && deny !== undefined) return { reason: 'allow and deny exclude each other' };
  const blocks = (allow ?? deny ?? '').split(',').map(readElement);
  if (!blocks.every(block => block !== undefined)) {
    return {
      reason: 'allow and deny take a list of ip:ADDRESS or ip:CIDR, e.g. allow=ip:10.0.0.0/8,ip:fe80::1',
    };
  }
  return { type: 'access', forwarded: true, ...(allow === undefined ? { deny: blocks } : { allow: blocks }) };
};

const readElement = (element: string): string | undefined => {
  const [, block = ''] = /^ip:(.*)$/i.exec(element.trim()) ?? [];
  return isBlock(block) ? block : undefined;
};
