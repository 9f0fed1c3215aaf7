import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { AdminProblem } from './router.ts';

/**
 * Keeps web pages away from the admin port. A browser on the operator's machine can reach loopback: by DNS
 * rebinding under a name of the attacker's (so only IP literals, `localhost` and the configured host are
 * answered), or by a cross-site form (so writes must be JSON, which needs a preflight that is never granted,
 * and must not carry a foreign Origin).
 *
 * @throws AdminProblem 403 or 415
 */
export const refuseForeign = (headers: IncomingHttpHeaders, method: string, configuredHost: string): void => {
  const authority = headers.host ?? '';
  const host = authority
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '')
    .toLowerCase();
  if (isIP(host) === 0 && host !== 'localhost' && host !== configuredHost.toLowerCase()) {
    throw new AdminProblem(
      403,
      'Forbidden',
      'the admin API answers to an IP address, localhost or its configured host',
    );
  }
  if (method === 'GET' || method === 'HEAD') return;
  if (headers.origin !== undefined && headers.origin !== `http://${authority}`) {
    throw new AdminProblem(403, 'Forbidden', 'writes from another origin are refused');
  }
  if (method === 'PUT' && !/^application\/json\b/i.test(headers['content-type'] ?? '')) {
    throw new AdminProblem(415, 'Unsupported media type', 'send the body as content-type: application/json');
  }
};
