/**
 * Every answer that Sluice gives on its own account, by stable code. The sentences are for callers, so they
 * tell nothing of the inside; what happened exactly goes to the span and the log (`cause`).
 */
export const ERRORS = {
  forbidden: { status: 403, title: 'The client may not use this route.' },
  no_route: { status: 404, title: 'No route matches this host and path.' },
  bad_request: { status: 400, title: 'The request is malformed.' },
  request_timeout: { status: 408, title: 'The request did not arrive in time.' },
  body_too_large: { status: 413, title: 'The request body is too large.' },
  uri_too_long: { status: 414, title: 'The request target is too long.' },
  rate_limited: { status: 429, title: 'Too many requests.' },
  headers_too_large: { status: 431, title: 'The request headers are too large.' },
  internal: { status: 500, title: 'The gateway failed.' },
  no_backend: { status: 500, title: 'The rule has no usable backend.' },
  method_unsupported: { status: 501, title: 'The gateway carries no requests of this method.' },
  upgrade_unsupported: { status: 501, title: 'The upstream takes no upgrades.' },
  auth_unavailable: { status: 503, title: 'Nobody could be asked whether the client may use this route.' },
  no_instance: { status: 503, title: 'No live instance can serve this request.' },
  version_not_live: { status: 503, title: 'The requested version has no live instance.' },
  retries_spent: { status: 503, title: 'The upstream could not be reached, however often it was tried.' },
  overloaded: { status: 503, title: 'The gateway is overloaded or shutting down.' },
  connect_failed: { status: 502, title: 'The upstream could not be reached.' },
  upstream_reset: { status: 502, title: 'The upstream closed the connection.' },
  bad_response: { status: 502, title: 'The upstream sent an invalid response.' },
  upstream_timeout: { status: 504, title: 'The upstream did not answer in time.' },
  loop_detected: { status: 508, title: 'The request passed this gateway before.' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ErrorCode = keyof typeof ERRORS;
