import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { VERSION } from '../version.ts';
import type { OtlpSettings } from './settings.ts';

/** How a receiver is reached, beyond its address. */
export type Wire = Partial<Omit<OtlpSettings, 'otlpTimeout'>>;

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: Buffer;
}

export interface Poster {
  /**
   * One POST of an OTLP message.
   * @throws where no whole answer came, or the signal was aborted before
   */
  post(message: readonly Buffer[], signal: AbortSignal): Promise<Answer>;
  close(): void;
}

/** An answer holds counts and a reason; of a longer one only the beginning is kept. */
const MAX_ANSWER = 65_536;

const compress = promisify(gzip);

/** Posts over connections that are kept, `connections` at most. */
export const createPoster = (url: URL, wire: Wire, connections: number): Poster => {
  const { otlpCa: ca, otlpCert: cert, otlpKey: key, otlpCompression: compression } = wire;
  const isTls = url.protocol === 'https:';
  const keep = { keepAlive: true, maxSockets: connections };
  const agent = isTls ? new HttpsAgent({ ...keep, ca, cert, key }) : new HttpAgent(keep);
  const headers = {
    ...wire.otlpHeaders,
    'content-type': 'application/x-protobuf',
    'user-agent': `Sluice/${VERSION}`,
    ...(compression === 'gzip' ? { 'content-encoding': 'gzip' } : {}),
  };
  const open = (length: number, signal: AbortSignal): ClientRequest => {
    const options = { method: 'POST', agent, signal, headers: { ...headers, 'content-length': length } };
    return isTls ? httpsRequest(url, options) : httpRequest(url, options);
  };
  return {
    post: async (message, signal) => {
      const chunks = compression === 'gzip' ? [await compress(Buffer.concat(message))] : message;
      const request = open(
        chunks.reduce((sum, chunk) => sum + chunk.length, 0),
        signal,
      );
      const response = await send(request, chunks);
      const body = await readAnswer(response);
      // Who answers before all was sent has no use for the rest, and its bytes will be another message soon.
      if (!request.writableFinished) request.destroy();
      return { status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'], body };
    },
    close: () => agent.destroy(),
  };
};

const send = (request: ClientRequest, chunks: readonly Buffer[]): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    request.once('response', resolve).on('error', reject);
    for (const chunk of chunks) request.write(chunk);
    request.end();
  });

const readAnswer = async (response: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (length < MAX_ANSWER) chunks.push(chunk);
    length += chunk.length;
  }
  return Buffer.concat(chunks);
};
