import type { ErrorCode } from '../../core/errors.ts';
import type { ResponseHead } from '../response-head.ts';
import type { UpstreamRequest } from './request-writer.ts';

/** One request, and who is told of its response. `onEnd` or `onFailure` comes last, one of them, once. */
export interface UpstreamCall {
  readonly request: UpstreamRequest;
  /** Once at most. @param reused whether the connection carried a request before */
  onSending(reused: boolean): void;
  onInterim(head: ResponseHead): void;
  onHead(head: ResponseHead): void;
  /**
   * @param piece good during the call only
   * @returns false to be given no more until `resume`
   */
  onBody(piece: Buffer): boolean;
  /** All that was read of the response has been told, and it is not over. */
  onLull(): void;
  onEnd(trailers: readonly string[]): void;
  /** @param isUntouched the instance has said that it did nothing about the request, whatever was sent of it */
  onFailure(code: ErrorCode, cause: Error, isUntouched?: boolean): void;
}

/** What carries a call, for whoever made it. */
export interface CallCarrier {
  /** After `onBody` returned false. */
  resume(): void;
  /** Gives the call up: nobody is told of it any more. */
  close(): void;
}
