import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ListenError } from '../core/listen-error.ts';
import { formatHostPort, type HostPort } from '../core/values.ts';
import type { Log } from '../telemetry/log.ts';
import { refuseForeign } from './guard.ts';
import type { AdminParts } from './parts.ts';
import { AdminProblem, findRoute, type Reply } from './router.ts';
import { adminRoutes } from './routes.ts';
import { send } from './send.ts';

export interface AdminServer {
  /** `host:port` with the real port. */
  readonly address: string;
  close(): Promise<void>;
}

const MAX_BODY = 64 * 1024;

/**
 * Health, metrics and the API, for operators and machines of the same trust.
 *
 * @throws ListenError
 */
export const startAdmin = async (listen: HostPort, parts: AdminParts, log: Log): Promise<AdminServer> => {
  const routes = adminRoutes(parts);
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (req, res) => {
    answer(req, res)
      .catch((error: unknown) => problem(error, log))
      .then(reply => send(res, reply, log));
  });

  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<Reply> => {
    refuseForeign(req.headers, req.method ?? 'GET', listen.host);
    const { url: target = '/' } = req;
    // Resolved against a base, a path that begins with two slashes would be a host, or none.
    const whole = target.startsWith('/') ? `http://admin.invalid${target}` : target;
    if (!URL.canParse(whole)) throw new AdminProblem(400, 'Bad request', 'the request target is malformed');
    const url = new URL(whole);
    const { route, params } = findRoute(routes, req.method ?? 'GET', url.pathname);
    const left = new AbortController();
    res.once('close', () => left.abort());
    return route.handle({ params, query: url.searchParams, signal: left.signal, body: () => readJson(req) });
  };

  await new Promise<void>((resolve, reject) => {
    const refuse = (cause: NodeJS.ErrnoException): void => reject(new ListenError(listen, cause));
    server.once('error', refuse);
    server.listen({ port: listen.port, ...(listen.host === '' ? {} : { host: listen.host }) }, () => {
      server.off('error', refuse);
      resolve();
    });
  });
  const { address, port } = server.address() as AddressInfo;
  return {
    address: formatHostPort({ host: address, port }),
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const problem = (error: unknown, log: Log): Reply => {
  const known = error instanceof AdminProblem ? error : undefined;
  if (known === undefined) log.error({ err: error }, 'an admin request failed');
  const status = known?.status ?? 500;
  const detail = known?.message ?? 'the gateway failed; its log says why';
  return {
    status,
    headers: { 'content-type': 'application/problem+json', ...known?.headers },
    body: { title: known?.title ?? 'Internal error', status, detail },
  };
};

const readJson = async (req: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY)
      throw new AdminProblem(413, 'Body too large', `a body has at most ${MAX_BODY} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    throw new AdminProblem(400, 'Bad request', 'the body is not JSON');
  }
};
