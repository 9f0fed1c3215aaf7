import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { decodeTraces, type ReceivedSpan } from './otlp-decode.ts';

export type { ReceivedSpan } from './otlp-decode.ts';

/** How the receiver treats what comes next. `hang` reads the request and never answers. */
export type ReceiverMode = 'accept' | 'unavailable' | 'hang';

/** What one request is answered, whatever it holds. */
export interface ScriptedAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** The answer comes before the body is read, and the connection closes. */
  readonly early?: boolean;
}

export interface OtlpReceiver {
  /** Base URL, as `--otlp` takes it. */
  readonly url: string;
  readonly port: number;
  /** Every span accepted so far, in order of arrival. */
  spans(): readonly ReceivedSpan[];
  /** Requests seen, whatever became of them. */
  requests(): number;
  /** Connections that were made to it. */
  connections(): number;
  /** Headers of the last request. */
  headers(): IncomingHttpHeaders;
  /** Resolves with all spans once enough (or the right ones) are there; rejects after `withinMs`. */
  waitFor(
    wanted: number | ((spans: readonly ReceivedSpan[]) => boolean),
    withinMs?: number,
  ): Promise<readonly ReceivedSpan[]>;
  mode(mode: ReceiverMode): void;
  /** The next requests are answered so, one each. */
  answerNext(...answers: readonly ScriptedAnswer[]): void;
  clear(): void;
  stop(): Promise<void>;
}

/** A real OTLP/HTTP receiver for traces that decodes the real protobuf. `port` 0 picks a free one. */
export const startOtlpReceiver = async (port = 0): Promise<OtlpReceiver> => {
  let mode: ReceiverMode = 'accept';
  let requests = 0;
  let connections = 0;
  let headers: IncomingHttpHeaders = {};
  let spans: ReceivedSpan[] = [];
  const script: ScriptedAnswer[] = [];
  const watchers = new Set<() => void>();

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    requests += 1;
    headers = request.headers;
    const scripted = script.shift();
    if (scripted?.early === true) {
      response.writeHead(scripted.status, { ...scripted.headers, connection: 'close' }).end(scripted.body);
      return;
    }
    const body = await readBody(request);
    if (scripted !== undefined) {
      response.writeHead(scripted.status, scripted.headers).end(scripted.body);
      return;
    }
    if (mode === 'hang') return;
    if (mode === 'unavailable') return answer(response, 503);
    if (request.method !== 'POST' || request.url !== '/v1/traces') return answer(response, 404);
    if (request.headers['content-type'] !== 'application/x-protobuf') return answer(response, 415);
    try {
      const plain = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
      spans = spans.concat(decodeTraces(plain));
    } catch {
      return answer(response, 400);
    }
    answer(response, 200);
    for (const check of watchers) check();
  };

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  server.on('connection', () => {
    connections += 1;
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const bound = (server.address() as AddressInfo).port;

  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    spans: () => spans,
    requests: () => requests,
    connections: () => connections,
    headers: () => headers,
    waitFor: (wanted, withinMs = 5000) => {
      const enough = typeof wanted === 'number' ? () => spans.length >= wanted : () => wanted(spans);
      return new Promise((resolve, reject) => {
        const check = (): void => {
          if (!enough()) return;
          clearTimeout(deadline);
          watchers.delete(check);
          resolve(spans);
        };
        const deadline = setTimeout(() => {
          watchers.delete(check);
          const seen = spans.map(s => `${s.kind} ${s.name}`).slice(0, 20);
          reject(
            new Error(
              `not the spans waited for within ${withinMs} ms; ${spans.length} came: ${seen.join('; ')}`,
            ),
          );
        }, withinMs);
        watchers.add(check);
        check();
      });
    },
    mode: next => {
      mode = next;
    },
    answerNext: (...answers) => {
      script.push(...answers);
    },
    clear: () => {
      spans = [];
    },
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};

const readBody = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

/** An empty body is the protobuf of an ExportTraceServiceResponse without complaints. */
const answer = (response: ServerResponse, status: number): void => {
  response.writeHead(status, { 'content-type': 'application/x-protobuf' }).end();
};
