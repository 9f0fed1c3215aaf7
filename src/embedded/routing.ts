import type { Query } from './blocking.ts';
import { ApiError } from './errors.ts';

/** One call of the API, its body already whole. */
export interface ApiRequest {
  /** What follows the route's path, decoded: an id, a name, a key. */
  readonly rest: string;
  readonly params: URLSearchParams;
  readonly body: Buffer;
}

export interface Answer {
  readonly status?: number;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is, in place of JSON. */
  readonly raw?: Buffer;
}

export interface Route {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  /** Matches itself, or with a trailing slash everything below it. */
  readonly path: string;
  /** @throws ApiError */
  handle(request: ApiRequest): Answer | Query<Answer>;
}

export const isQuery = (outcome: Answer | Query<Answer>): outcome is Query<Answer> => 'topic' in outcome;

export interface FoundRoute {
  readonly route: Route;
  readonly rest: string;
}

/**
 * @param path as it stands in the request line, without query
 * @throws ApiError 404 naming what there is, 405 naming the methods, 400 for a bad escape
 */
export const findRoute = (routes: readonly Route[], method: string, path: string): FoundRoute => {
  const fitting = routes.filter(route =>
    route.path.endsWith('/') ? path.startsWith(route.path) : path === route.path,
  );
  if (fitting.length === 0) throw new ApiError(404, unknownPath(routes, path));
  // HEAD is a GET whose body the server leaves out.
  const wanted = method === 'HEAD' ? 'GET' : method;
  const route = fitting.find(candidate => candidate.method === wanted);
  if (route === undefined) {
    const Allow = fitting.map(candidate => candidate.method).join(', ');
    throw new ApiError(405, `method ${method} not allowed`, { Allow });
  }
  try {
    return { route, rest: decodeURIComponent(path.slice(route.path.length)) };
  } catch {
    throw new ApiError(400, `The path holds a malformed escape: ${path}`);
  }
};

const unknownPath = (routes: readonly Route[], path: string): string =>
  [
    `The embedded agent of "sluice dev" does not speak ${path}. It speaks:`,
    ...routes.map(route => `  ${route.method} ${route.path}`),
    'For the rest, run a real Consul agent (consul agent -dev) and "sluice gateway".',
    '',
  ].join('\n');
