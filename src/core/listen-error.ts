import { formatHostPort, type HostPort } from './values.ts';

/** Nothing can listen on this address; the message says where, why, and what to do, in one line. */
export class ListenError extends Error implements HostPort {
  readonly host: string;
  readonly port: number;
  /** The system's: `EADDRINUSE`, `EACCES` … */
  readonly code: string;

  /** @param cause as the listener emitted it */
  constructor(at: HostPort, cause: NodeJS.ErrnoException) {
    const { code = 'UNKNOWN', message } = cause;
    super(`cannot listen on ${formatHostPort(at)}: ${HINTS[code] ?? message}`, { cause });
    this.name = 'ListenError';
    this.host = at.host;
    this.port = at.port;
    this.code = code;
  }
}

const HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use; stop what listens there, or choose another (port 0 picks a free one)',
  EACCES: 'not permitted; ports below 1024 need a privilege (CAP_NET_BIND_SERVICE)',
  EADDRNOTAVAIL: 'this machine does not have that address',
  ENOTFOUND: 'no such host',
};
