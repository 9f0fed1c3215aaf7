import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Log } from '../telemetry/log.ts';
import type { Reply } from './router.ts';

/** For a caller that does not take what it asked for, milliseconds. */
const STALL = 30_000;

export const send = (res: ServerResponse, reply: Reply, log: Log): void => {
  if (res.destroyed) return;
  if (isStream(reply.body)) void stream(res, reply, reply.body, log);
  else sendWhole(res, reply);
};

const isStream = (body: unknown): body is AsyncIterable<string> =>
  typeof body === 'object' && body !== null && Symbol.asyncIterator in body;

const sendWhole = (res: ServerResponse, { status, headers, body }: Reply): void => {
  const bytes = Buffer.from(typeof body === 'string' ? body : `${JSON.stringify(body)}\n`);
  res.writeHead(status, { ...HEADERS, ...headers, 'content-length': bytes.length });
  res.end(bytes);
};

/** As fast as the caller takes it. One that fails midway is cut, so that nobody takes it for whole. */
const stream = async (
  res: ServerResponse,
  { status, headers }: Reply,
  body: AsyncIterable<string>,
  log: Log,
): Promise<void> => {
  res.writeHead(status, { ...HEADERS, ...headers });
  if (res.req.method === 'HEAD') {
    res.end();
    return;
  }
  res.setTimeout(STALL, () => res.destroy());
  try {
    await pipeline(Readable.from(body), res);
  } catch (error) {
    const hasLeft = (error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE';
    if (!hasLeft) log.error({ err: error }, 'an admin request failed');
  }
};

const HEADERS = {
  'content-type': 'application/json',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
};
