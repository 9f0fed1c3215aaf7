import { constants, type ServerHttp2Stream } from 'node:http2';
import type { ErrorCode } from '../../core/errors.ts';
import { isGrpc, readGrpcTimeout } from '../../core/grpc.ts';
import type { Context } from '../context.ts';
import { fieldOf } from '../fields.ts';
import type { RequestLines } from '../intake.ts';
import type { Incoming, RequestBody } from '../lane.ts';
import { KeptBody, StreamedBody } from '../request-body.ts';

const { NGHTTP2_NO_ERROR } = constants;

/** One request on one stream. */
export class StreamRequest implements Incoming {
  readonly method: string;
  readonly url: string;
  readonly httpVersion: string;
  readonly rawHeaders: readonly string[];
  readonly hasBody: boolean | undefined;
  readonly fault: ErrorCode | undefined;
  readonly timeout: number | undefined;
  readonly grpcType: string | undefined;
  readonly #ctx: Context;
  readonly #stream: ServerHttp2Stream;
  #expectsContinue: boolean;

  constructor(ctx: Context, stream: ServerHttp2Stream, lines: RequestLines) {
    this.method = lines.method;
    this.url = lines.url;
    this.httpVersion = lines.httpVersion;
    this.rawHeaders = lines.rawHeaders;
    this.hasBody = lines.hasBody;
    this.fault = lines.fault;
    const contentType = fieldOf(lines.rawHeaders, 'content-type');
    if (isGrpc(contentType)) {
      this.grpcType = contentType;
      this.timeout = readGrpcTimeout(fieldOf(lines.rawHeaders, 'grpc-timeout'));
    }
    this.#ctx = ctx;
    this.#stream = stream;
    this.#expectsContinue = lines.hasBody === true && fieldOf(lines.rawHeaders, 'expect') !== undefined;
  }

  get isWhole(): boolean {
    return this.hasBody !== true || this.#stream.readableEnded;
  }

  openBody(contentLength: number | undefined, onProblem: (code: ErrorCode) => void): RequestBody {
    const { keptBodyBytes, bodyBytes } = this.#ctx.limits;
    // Who waits for a 100 sends nothing before an upstream has taken the request.
    const isKept = contentLength !== undefined && contentLength <= keptBodyBytes && !this.#expectsContinue;
    return isKept
      ? new KeptBody(this.#stream)
      : // Few clients tell the length, of a call of gRPC none does.
        new StreamedBody(this.#stream, { maxBytes: bodyBytes, keptBytes: keptBodyBytes, onProblem });
  }

  askForBody(): void {
    if (this.#expectsContinue && !this.#stream.closed) this.#stream.additionalHeaders({ ':status': 100 });
    this.#expectsContinue = false;
  }

  /** What the client still uploads is not wanted any more (RFC 9113, 8.1). */
  answered(): void {
    if (this.hasBody === true && !this.#stream.readableEnded) this.#stream.close(NGHTTP2_NO_ERROR);
  }
}
