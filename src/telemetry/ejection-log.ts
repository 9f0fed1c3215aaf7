import type { OnEjection } from '../core/balance/peers.ts';
import type { Log } from './log.ts';

/** One line when an instance is ejected, one when it is back. */
export const logEjections =
  (log: Log): OnEjection =>
  event => {
    if (event.reason === undefined) log.info({ ...event }, 'an instance is back: its trial went well');
    else
      log.warn(
        { ...event },
        'an instance is ejected: others of its version serve until its time is up, unless most of them are out',
      );
  };
