import { locationOf, type Redirect } from '../filters/redirect.ts';
import { NOWHERE } from '../model/where.ts';
import type { RequestFacts } from '../request-facts.ts';
import type { OwnAnswer } from './decide.ts';
import type { Refusal } from './refusal.ts';

/** Where every request that came without TLS is sent. */
export interface HttpsRedirect {
  readonly status: Redirect['status'];
  /** As clients see it. */
  readonly port: number;
}

/** Paths that are the gateway's own. */
const OWN = '/.sluice';

/** What authorities that issue certificates look for in the clear (RFC 8555, 8.3). */
const ACME = '/.well-known/acme-challenge/';

/**
 * What is settled before any rule is asked: the gateway's own paths never lead to a service, and what came without TLS may
 * have to come again with it.
 *
 * @returns undefined where the rules decide
 */
export const atEntrance = (
  facts: RequestFacts,
  httpsRedirect: HttpsRedirect | undefined,
): OwnAnswer | Refusal | undefined => {
  const { path, scheme, host } = facts;
  if (path.startsWith(OWN) && (path.length === OWN.length || path[OWN.length] === '/')) return NO_ROUTE;
  if (httpsRedirect === undefined || scheme === 'https' || path.startsWith(ACME)) return undefined;
  // Of an HTTP/1.0 client that named no host: nobody knows where to send it.
  if (host === '') return BAD_REQUEST;
  const location = locationOf({ type: 'redirect', scheme: 'https', ...httpsRedirect }, facts, '');
  return location === undefined
    ? undefined
    : { where: NOWHERE, answer: { status: httpsRedirect.status, fields: ['Location', location] } };
};

const NO_ROUTE: Refusal = { code: 'no_route' };
const BAD_REQUEST: Refusal = { code: 'bad_request' };
