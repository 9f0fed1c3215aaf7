/** What a route of the admin API gets of a request. */
export interface Call {
  /** Decoded segments by name: `/api/weights/:service` gives `service`. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Aborted when the caller has gone. */
  readonly signal: AbortSignal;
  /** The JSON body. Throws AdminProblem where it is none or too large. */
  readonly body: () => Promise<unknown>;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A string goes out as it is, an AsyncIterable of strings as it comes, anything else as JSON. */
  readonly body: unknown;
}

export interface AdminRoute {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly handle: (call: Call) => Reply | Promise<Reply>;
}

/** A refusal of the admin API; `message` is for the caller. */
export class AdminProblem extends Error {
  readonly status: number;
  readonly title: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, title: string, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail);
    this.name = 'AdminProblem';
    this.status = status;
    this.title = title;
    this.headers = headers;
  }
}

/** @throws AdminProblem 404 for an unknown path, 405 with `Allow` for an unknown method, 400 for bad escapes */
export const findRoute = (
  routes: readonly AdminRoute[],
  method: string,
  pathname: string,
): { route: AdminRoute; params: Record<string, string> } => {
  const allowed: string[] = [];
  for (const route of routes) {
    const params = fit(route.path, pathname);
    if (params === undefined) continue;
    if (route.method === method || (route.method === 'GET' && method === 'HEAD')) return { route, params };
    allowed.push(route.method);
  }
  if (allowed.length > 0) {
    throw new AdminProblem(405, 'Method not allowed', `this path takes ${allowed.join(', ')}`, {
      allow: allowed.join(', '),
    });
  }
  const known = [...new Set(routes.map(route => route.path))].join(', ');
  throw new AdminProblem(404, 'Not found', `there is no ${pathname} here; there is ${known}`);
};

const fit = (template: string, pathname: string): Record<string, string> | undefined => {
  const wanted = template.split('/');
  const given = pathname.split('/');
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const segment = given[index] ?? '';
    if (!part.startsWith(':')) {
      if (part !== segment) return undefined;
    } else params[part.slice(1)] = decode(segment);
  }
  return params;
};

const decode = (segment: string): string => {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new AdminProblem(400, 'Bad request', `"${segment}" is not a valid path segment`);
  }
};
