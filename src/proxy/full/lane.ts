import { type IncomingMessage, METHODS, type ServerResponse } from 'node:http';
import type { ErrorCode } from '../../core/errors.ts';
import type { Connection } from '../connection.ts';
import type { Context } from '../context.ts';
import { Exchange } from '../exchange.ts';
import type { Incoming, RequestBody } from '../lane.ts';
import { discardRest, KeptBody, StreamedBody } from '../request-body.ts';
import { FullReply } from './reply.ts';

/**
 * Carries a request that Node's server has read.
 *
 * @param expectsContinue whether the client waits for a 100 before it sends its body
 */
export const handle = (
  ctx: Context,
  connection: Connection,
  req: IncomingMessage,
  res: ServerResponse,
  expectsContinue: boolean,
): void => {
  const incoming = new FullIncoming(ctx, req, res, expectsContinue);
  connection.enter(new Exchange(ctx, connection, incoming, new FullReply(res)));
};

const OF_HTTP: ReadonlySet<string> = new Set(METHODS);

class FullIncoming implements Incoming {
  readonly method: string;
  readonly url: string;
  readonly httpVersion: string;
  readonly rawHeaders: readonly string[];
  readonly fault: ErrorCode | undefined;
  readonly #ctx: Context;
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  #expectsContinue: boolean;

  constructor(ctx: Context, req: IncomingMessage, res: ServerResponse, expectsContinue: boolean) {
    this.method = req.method ?? '';
    this.url = req.url ?? '';
    this.httpVersion = req.httpVersion;
    this.rawHeaders = req.rawHeaders;
    // Node's parser has the methods of RTSP, too, and does not tell whose they were.
    this.fault = OF_HTTP.has(this.method) ? undefined : 'bad_request';
    this.#ctx = ctx;
    this.#req = req;
    this.#res = res;
    this.#expectsContinue = expectsContinue;
  }

  get isWhole(): boolean {
    return this.#req.complete;
  }

  openBody(contentLength: number | undefined, onProblem: (code: ErrorCode) => void): RequestBody {
    const { keptBodyBytes, bodyBytes } = this.#ctx.limits;
    // Who waits for a 100 sends nothing before an upstream has taken the request.
    const isKept = contentLength !== undefined && contentLength <= keptBodyBytes && !this.#expectsContinue;
    return isKept
      ? new KeptBody(this.#req)
      : new StreamedBody(this.#req, { maxBytes: bodyBytes, keptBytes: 0, onProblem });
  }

  askForBody(): void {
    if (this.#expectsContinue) this.#res.writeContinue();
    this.#expectsContinue = false;
  }

  answered(hasBody: boolean): void {
    if (hasBody && !this.#req.readableEnded) discardRest(this.#req, this.#ctx.timeouts.linger);
  }
}
