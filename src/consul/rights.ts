import type { Log } from '../telemetry/log.ts';

/** What a sweep over all services saw. */
export interface Sweep {
  /** Services that Consul lists. */
  readonly listed: number;
  /** Those among them that it shows no instance of. */
  readonly hidden: number;
}

/**
 * Tells people when answers look as if the token lacked a right: Consul (before 1.11) leaves out what a token may not
 * see without a word.
 *
 * @returns to be called after each sweep; says whether another one would make it clear
 */
export const createRightsCheck = (address: string, log: Log): ((sweep: Sweep) => boolean) => {
  let isFirst = true;
  let wasHidden = false;
  let said = false;

  return ({ listed, hidden }) => {
    if (isFirst && listed === 0) {
      log.warn(
        { consul: address },
        'Consul lists no services, not even its own: the token may lack service:read',
      );
    }
    isFirst = false;
    const isHidden = hidden > 0;
    // A service that was just leaving looks the same for a moment.
    const isSure = isHidden && wasHidden;
    wasHidden = isHidden;
    if (isSure && !said) {
      log.warn(
        { consul: address, services: hidden },
        'Consul shows no instances of services that it lists, so what was known of them stays in force: the token may lack node:read',
      );
    }
    if (!isHidden && said) log.info({ consul: address }, 'Consul shows the instances of all services again');
    said = isSure || (said && isHidden);
    return isHidden && !isSure;
  };
};
