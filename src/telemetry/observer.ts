import type { Choice } from '../core/decide/choose.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { Where } from '../core/model/where.ts';

/**
 * What the data path tells the outside about each request. The proxy knows only these interfaces; spans,
 * metrics and the access log hang behind them (telemetry/request-observer.ts).
 *
 * Promises: `begin` is called once a request, `attempt` at each attempt, each `end` exactly once, and nothing
 * here throws or waits.
 */
export interface RequestObserver {
  /** Lower-case names of the headers that carry trace context; the proxy drops them and writes the attempt's. */
  readonly propagationFields: ReadonlySet<string>;
  begin(start: RequestStart): RequestObservation;
}

export interface RequestStart {
  readonly method: string;
  /** Normalised path, without query (queries carry secrets). */
  readonly path: string;
  readonly scheme: 'http' | 'https';
  /** Host and port as the client named them. */
  readonly authority: string;
  /** `1.0`, `1.1` or `2`. */
  readonly protocolVersion: string;
  readonly clientAddress: string;
  readonly requestId: string;
  /** Name, value, name, value … exactly as received. */
  readonly rawHeaders: readonly string[];
}

export interface RequestObservation {
  attempt(start: AttemptStart): AttemptObservation;
  /** A copy of the request to another service: no attempt, and it may outlive the request. */
  copy(start: AttemptStart): AttemptObservation;
  /** The question whether the request may pass: no attempt either. */
  ask(start: AttemptStart): AttemptObservation;
  end(outcome: RequestOutcome): void;
}

export interface AttemptStart {
  readonly where: Where;
  readonly instanceId: string;
  readonly address: string;
  readonly port: number;
  /** 0 for the first attempt. */
  readonly resend: number;
}

export interface AttemptObservation {
  /** Trace context for the upstream: name, value, name, value … */
  readonly headers: readonly string[];
  end(outcome: AttemptOutcome): void;
}

export interface AttemptOutcome {
  /** Absent where no response came. */
  readonly status?: number;
  /** Where the answer is one of gRPC's: 0 to 16. */
  readonly grpcStatus?: number;
  readonly error?: ErrorCode;
  /** The client left, so nobody upstream is to blame. */
  readonly clientLeft?: boolean;
}

/** What came of the question whether a request may pass. */
export type Judgement = 'passed' | 'denied' | 'unanswered';

export interface RequestOutcome {
  /** Status sent to the client; 499 where it left before one was sent. */
  readonly status: number;
  /** Where the answer is one of gRPC's: 0 to 16. */
  readonly grpcStatus?: number;
  readonly error?: ErrorCode;
  readonly where: Where;
  /** How the version was chosen, where there was a choice. */
  readonly choice?: Choice;
  /** Where its rule has somebody judge its requests. */
  readonly auth?: Judgement;
  /** Body bytes. */
  readonly received: number;
  readonly sent: number;
  /** The response was cut before its end. */
  readonly cut?: boolean;
  /** An upgrade: the duration is that of the whole connection. */
  readonly upgraded?: boolean;
}
