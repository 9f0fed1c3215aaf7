import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context } from '../context.ts';
import { readiness } from '../readiness.ts';

/**
 * Tells load balancers in front whether the proxy is ready, at the path that is set aside for it.
 *
 * @returns false where something else was asked for
 */
export const answersReady = (ctx: Context, { url = '' }: IncomingMessage, res: ServerResponse): boolean => {
  const { readyPath } = ctx;
  if (readyPath === undefined || !isFor(readyPath, url)) return false;
  const { status, fields, body } = readiness(ctx, ctx.nextId());
  if (ctx.draining) fields.push('Connection', 'close');
  res.writeHead(status, fields).end(body);
  return true;
};

const isFor = (path: string, url: string): boolean =>
  url.startsWith(path) && (url.length === path.length || url.charCodeAt(path.length) === 0x3f);
