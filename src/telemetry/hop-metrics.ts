import { statusMeant } from '../core/grpc.ts';
import type { Sampler, Where } from '../core/model/where.ts';
import type { AttemptRows } from './attempt-rows.ts';
import type { AttemptOutcome, AttemptStart, RequestOutcome } from './observer.ts';
import type { RequestRows } from './request-rows.ts';
import type { VersionSamples } from './version-samples.ts';

/**
 * The figures of one hop; each call is one request or attempt. Their rows are found by what is kept with the `Where`;
 * what errs is rare and is looked up.
 */
export class HopMetrics {
  readonly #hop: string;
  readonly #requests: RequestRows;
  readonly #attempts: AttemptRows;
  readonly #samples: VersionSamples;
  /** Marks each `Where` whose rows are known. */
  #mark = {};
  #inFlight = 0;

  constructor(hop: string, requests: RequestRows, attempts: AttemptRows, samples: VersionSamples) {
    this.#hop = hop;
    this.#requests = requests;
    this.#attempts = attempts;
    this.#samples = samples;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  requestStarted(): void {
    this.#inFlight += 1;
  }

  /** @param method folded to the known ones (http-semantics) */
  requestEnded(method: string, outcome: RequestOutcome, seconds: number): void {
    this.#inFlight -= 1;
    const { where, status, error } = outcome;
    if (where.keeper !== this.#mark) this.#keep(where);
    if (where.requests === 0) where.requests = this.#requests.first(this.#hop, where);
    this.#requests.count(where.requests, method, outcome, seconds);
    if (error !== undefined) this.#requests.countError(this.#hop, where, method, status, error);
  }

  attemptEnded(
    { where }: AttemptStart,
    { status, grpcStatus, error, clientLeft }: AttemptOutcome,
    seconds: number,
  ): void {
    if (where.keeper !== this.#mark) this.#keep(where);
    if (clientLeft === true) {
      this.#attempts.countFailure(this.#hop, where, 'client_left');
      // It took at least that long: of a version that hangs nothing else would be known.
      where.sample?.count(false, seconds);
      return;
    }
    if (where.attempts === 0) where.attempts = this.#attempts.row(this.#hop, where);
    if (error !== undefined) this.#attempts.countFailure(this.#hop, where, error);
    else if (grpcStatus === undefined || grpcStatus === 0) this.#attempts.countAnswer(where.attempts, status);
    else this.#attempts.countFailure(this.#hop, where, `grpc_${grpcStatus}`);
    this.#attempts.countSeconds(where.attempts, seconds);
    where.sample?.count(error !== undefined || statusMeant(status ?? 0, grpcStatus) >= 500, seconds);
  }

  /** Where copies that go there are counted, if anywhere. */
  samplerOf(where: Where): Sampler | undefined {
    if (where.keeper !== this.#mark) this.#keep(where);
    return where.sample;
  }

  /** To be called when rows were given up, or when other versions are watched. */
  forget(): void {
    this.#mark = {};
  }

  #keep(where: Where): void {
    where.keeper = this.#mark;
    where.requests = 0;
    where.attempts = 0;
    where.sample = this.#samples.find(where.service, where.version);
  }
}
