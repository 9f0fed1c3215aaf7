import { formatHostPort, type HostPort } from '../core/values.ts';

/** The address cannot be listened on; the message says why and what to do. */
export class ListenError extends Error {
  readonly code: string;

  constructor(at: HostPort, cause: NodeJS.ErrnoException) {
    const where = formatHostPort(at);
    super(`cannot listen on ${where}: ${HINTS[cause.code ?? ''] ?? cause.message}`, { cause });
    this.name = 'ListenError';
    this.code = cause.code ?? 'UNKNOWN';
  }
}

const HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use; stop what listens there, or choose another (port 0 picks a free one)',
  EACCES: 'not permitted; ports below 1024 need privileges',
  EADDRNOTAVAIL: 'this machine does not have that address',
  ENOTFOUND: 'no such host',
};
