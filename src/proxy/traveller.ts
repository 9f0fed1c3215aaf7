import type { ErrorCode } from '../core/errors.ts';
import type { Answer } from '../core/filters/answer.ts';
import { statusMeant } from '../core/grpc.ts';
import type { Target } from '../core/model/rule.ts';
import type { AttemptOutcome } from '../telemetry/observer.ts';

/** Whom a journey tells where it goes: the lane's exchange. */
export interface Traveller {
  /** One try at this target, with this path and query. */
  attempt(target: Target, path: string): void;
  /** The rule answers by itself. */
  answer(answer: Answer): void;
  /** The request is not passed on, or was in vain. */
  fail(code: ErrorCode, cause?: unknown): void;
}

/** What a journey is told of its end. */
export interface Ending {
  /** 499 where the client left before one was sent. */
  readonly status: number;
  readonly grpcStatus?: number | undefined;
  readonly sent: number;
  readonly received: number;
  readonly error: ErrorCode | undefined;
  readonly cut: boolean;
  readonly upgraded: boolean;
}

/** Trailers may tell what the head could not: that a call of gRPC has failed. */
export const statusAtEnd = ({ status, grpcStatus }: AttemptOutcome): number | undefined =>
  status === undefined || grpcStatus === undefined ? undefined : statusMeant(status, grpcStatus);
