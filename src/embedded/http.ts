import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Log } from '../telemetry/log.ts';
import { awaitNews, type Query, readWait, type Surroundings } from './blocking.ts';
import { ApiError } from './errors.ts';
import { type Answer, findRoute, isQuery, type Route } from './routing.ts';

/** As Consul's `kv_max_value_size`. */
const MAX_BODY = 512 * 1024;

const MAX_CONNECTIONS = 4096;

/** Long, since Consul closes no idle connection and clients reuse theirs without expecting it to be gone. */
const KEEP_ALIVE_MS = 5 * 60_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** A client that takes nothing of its answer for so long is cut off. */
const WRITE_TIMEOUT_MS = 30_000;

/** Not listening yet. A waiting client that leaves gives its wait up. */
export const createApiServer = (routes: readonly Route[], surroundings: Surroundings, log: Log): Server => {
  const server = createServer(
    {
      requestTimeout: REQUEST_TIMEOUT_MS,
      headersTimeout: REQUEST_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelay: 30_000,
    },
    (request, response) => {
      void answerRequest(routes, surroundings, request, response).catch((error: unknown) => {
        if (error instanceof ApiError) return sendError(response, error);
        log.error({ err: error }, 'the embedded agent failed to answer');
        sendError(response, new ApiError(500, 'The embedded agent failed'));
      });
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  return server;
};

const answerRequest = async (
  routes: readonly Route[],
  surroundings: Surroundings,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const { path, params } = readTarget(request.url ?? '/');
  // Whatever the answer: one that is sent before the body has been read can be lost in a reset.
  const body = await readBody(request);
  if (body === undefined) return;
  const { route, rest } = findRoute(routes, request.method ?? 'GET', path);
  refuseUnsupported(params);
  const outcome = route.handle({ rest, params, body });
  const pretty = params.has('pretty');
  if (!isQuery(outcome)) return send(response, outcome, {}, pretty);
  const wait = readWait(params);
  const ready = (): void => send(response, outcome.answer(), indexHeaders(outcome), pretty);
  if (response.destroyed) return;
  if (wait === undefined) ready();
  else response.once('close', awaitNews(outcome, wait, surroundings, ready));
};

const readTarget = (target: string): { path: string; params: URLSearchParams } => {
  const at = target.indexOf('?');
  return at < 0
    ? { path: target, params: new URLSearchParams() }
    : { path: target.slice(0, at), params: new URLSearchParams(target.slice(at + 1)) };
};

/** Answered as if they were not there, they would give other data than asked for. */
const refuseUnsupported = (params: URLSearchParams): void => {
  const datacenter = params.get('dc') ?? '';
  if (datacenter !== '' && datacenter !== 'dc1') throw new ApiError(500, 'No path to datacenter');
  if ((params.get('filter') ?? '') !== '') {
    throw new ApiError(400, 'The embedded agent does not support ?filter: use a real Consul agent');
  }
};

/** @returns undefined where the client left before it had sent all */
const readBody = async (request: IncomingMessage): Promise<Buffer | undefined> => {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length <= MAX_BODY) chunks.push(chunk);
    }
  } catch {
    return undefined;
  }
  if (length > MAX_BODY) {
    throw new ApiError(413, `Request body(${length} bytes) too large, max size: ${MAX_BODY} bytes.`);
  }
  return Buffer.concat(chunks);
};

const indexHeaders = (query: Query<Answer>): Record<string, string> => ({
  'X-Consul-Index': `${query.index()}`,
  'X-Consul-KnownLeader': 'true',
  'X-Consul-LastContact': '0',
});

const send = (
  response: ServerResponse,
  { status = 200, json, raw }: Answer,
  headers: Record<string, string>,
  pretty: boolean,
): void => {
  const body = raw ?? (json === undefined ? '' : JSON.stringify(json, null, pretty ? 4 : undefined));
  const type = raw === undefined ? 'application/json' : 'text/plain';
  response.setTimeout(WRITE_TIMEOUT_MS);
  response.writeHead(status, {
    ...headers,
    ...(json === undefined && raw === undefined ? {} : { 'Content-Type': type }),
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
};

const sendError = (response: ServerResponse, { status, message, headers }: ApiError): void => {
  response.setTimeout(WRITE_TIMEOUT_MS);
  response.writeHead(status, {
    ...headers,
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(message),
  });
  response.end(message);
};
