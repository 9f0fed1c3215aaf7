import { type Decision, isRefusal, type Refusal, upstreamPath } from '../core/decide.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { Target } from '../core/model.ts';
import type { Retryable } from '../core/outcome.ts';
import { type FailedAttempt, Tries } from '../core/retry.ts';
import { readRetryAfter } from '../core/retry-after.ts';
import { formatHostPort } from '../core/values.ts';
import { NOWHERE, type Where } from '../core/where.ts';
import type {
  AttemptObservation,
  AttemptOutcome,
  RequestObservation,
  RequestOutcome,
} from '../telemetry/observer.ts';
import type { Connection } from './connection.ts';
import type { Context } from './context.ts';
import { Facts } from './facts.ts';
import { linesOf } from './field-lines.ts';
import { type Intake, type RequestLines, takeIn } from './intake.ts';
import { type ResponseHead, stampResponse } from './response-head.ts';

/** Whom a journey tells where it goes: the lane's exchange. */
export interface Traveller {
  /** One try at this target, with this path and query. */
  attempt(target: Target, path: string): void;
  /** The request is not passed on, or was in vain. */
  fail(code: ErrorCode, cause?: unknown): void;
}

export interface Ending {
  /** 499 where the client left before one was sent. */
  readonly status: number;
  readonly sent: number;
  readonly received: number;
  readonly error: ErrorCode | undefined;
  readonly cut: boolean;
  readonly upgraded: boolean;
}

/**
 * What is the same in every lane of a request's story: it is taken in, a target is decided, attempts are made
 * and counted, a failed one leads to the next, and all of it is observed. No byte moves here.
 */
export class Journey {
  readonly intake: Intake;
  readonly #ctx: Context;
  readonly #connection: Connection;
  readonly #request: RequestLines;
  readonly #traveller: Traveller;
  readonly #observation: RequestObservation;
  #outcome: Decision | Refusal | undefined;
  /** The field lines that are the same for each attempt. */
  #lines = '';
  #tries: Tries | undefined;
  /** Of the attempt under way. */
  #attempt: AttemptObservation | undefined;
  #now = 0;
  #isOver = false;

  constructor(ctx: Context, connection: Connection, request: RequestLines, traveller: Traveller) {
    this.#ctx = ctx;
    this.#connection = connection;
    this.#request = request;
    this.#traveller = traveller;
    this.intake = takeIn(ctx, request);
    const { target, requestId } = this.intake;
    this.#observation = ctx.observer.begin({
      method: request.method,
      path: target.path,
      scheme: 'http',
      authority: target.authority,
      protocolVersion: request.httpVersion,
      clientAddress: connection.clientAddress,
      requestId,
      rawHeaders: request.rawHeaders,
    });
  }

  /** Leads to an `attempt` or a `fail` of the traveller, at once where there is nothing to prepare. */
  depart(): void {
    const facts = new Facts(this.intake.target, this.#connection.clientAddress, this.#request);
    const prepared = this.#ctx.prepare?.(facts);
    if (prepared === undefined) this.#decide(facts);
    else {
      prepared.then(
        () => this.#decide(facts),
        cause => this.#traveller.fail('internal', cause),
      );
    }
  }

  #decide(facts: Facts): void {
    if (this.#isOver) return;
    this.#now = this.#ctx.now();
    let outcome: Decision | Refusal;
    try {
      outcome = this.#ctx.decide(facts, this.#now);
    } catch (cause) {
      this.#traveller.fail('internal', cause);
      return;
    }
    this.#outcome = outcome;
    if (isRefusal(outcome)) this.#traveller.fail(outcome.code);
    else {
      this.#tries = new Tries(this.#ctx.fleet, outcome);
      this.#stamp(outcome.target);
      this.#lead(outcome.target, outcome.path);
    }
  }

  /** Called from events, where nobody would catch what a fault of ours throws. */
  #lead(target: Target, path: string): void {
    try {
      this.#traveller.attempt(target, path + this.intake.target.query);
    } catch (cause) {
      this.#traveller.fail('internal', cause);
    }
  }

  #stamp({ instance: { address, port } }: Target): void {
    const { head, target, requestId } = this.intake;
    const { clientAddress, stamp } = this.#connection;
    const stamped = stamp.lines(head, {
      // An HTTP/1.0 client may not have said whom it wants; an HTTP/1.1 server must be told.
      authority: target.authority === '' ? formatHostPort({ host: address, port }) : target.authority,
      scheme: 'http',
      httpVersion: this.#request.httpVersion,
      clientAddress,
      via: this.#ctx.via,
      trusted: this.#ctx.trusts(clientAddress),
    });
    this.#lines = `${linesOf(head.fields)}${stamped}X-Request-Id: ${requestId}\r\n`;
  }

  get #where(): Where {
    return this.#outcome?.where ?? NOWHERE;
  }

  /** @returns the field lines to send, without those that frame the body */
  beginAttempt(target: Target): string {
    const { id: instanceId, address, port } = target.instance;
    this.#tries?.begin(target, this.#now);
    const resend = this.#tries?.resend ?? 0;
    const where = this.#where;
    const observation = this.#observation.attempt({ where, instanceId, address, port, resend });
    this.#attempt = observation;
    return this.#lines + linesOf(observation.headers);
  }

  /** What sums up the failed attempts: one by which a part of the request may have reached an instance, else the last. */
  get failure(): FailedAttempt | undefined {
    return this.#tries?.failure;
  }

  /** The attempt under way has the head of its final response. */
  responded({ status, retryAfter: told }: ResponseHead): void {
    const retryAfter = status === 503 ? told : undefined;
    const rest = retryAfter === undefined ? undefined : readRetryAfter(retryAfter, Date.now());
    this.#tries?.responded(status, this.#ctx.now(), rest);
  }

  /** Adds to the head of the answer what is not the upstream's to say. */
  stampResponse(head: ResponseHead): void {
    stampResponse(head, this.intake.requestId, this.#ctx.via, this.#decision?.setCookie);
  }

  /** Milliseconds over all attempts, where the rule says so. */
  get timeout(): number | undefined {
    return this.#decision?.timeout;
  }

  get #decision(): Decision | undefined {
    return this.#outcome === undefined || isRefusal(this.#outcome) ? undefined : this.#outcome;
  }

  /** Closes the attempt under way, if there is one. */
  endAttempt(outcome: AttemptOutcome): void {
    if (this.#attempt === undefined) return;
    if (outcome.clientLeft === true) this.#tries?.abandoned(this.#ctx.now());
    else if (outcome.error === undefined) this.#tries?.completed();
    else this.#tries?.failed(outcome.error, false, this.#ctx.now());
    this.#observeEnd(outcome);
  }

  /** After a try in vain, which is closed: leads to the next `attempt`, or to `fail` with this one's code. */
  goOn(failure: FailedAttempt, request: Retryable, cause: unknown): void {
    this.#now = this.#ctx.now();
    this.#tries?.failed(failure.code, failure.reused, this.#now);
    this.#observeEnd({ error: failure.code });
    const next = this.#tries?.afterFailure(failure, request, this.#now, this.#ctx.chance);
    if (next === undefined) this.#traveller.fail(failure.code, cause);
    else this.#leadOn(next);
  }

  /**
   * Whether an answer, of which nothing was passed on, is given up for that of another instance: its attempt is
   * closed then, and `leave` is called before the next `attempt`.
   */
  goesElsewhere(status: number, request: Retryable, leave: () => void): boolean {
    this.#now = this.#ctx.now();
    const next = this.#tries?.afterStatus(status, request, this.#now, this.#ctx.chance);
    if (next === undefined) return false;
    leave();
    this.endAttempt({ status });
    this.#leadOn(next);
    return true;
  }

  #leadOn(target: Target): void {
    this.#lead(target, upstreamPath(this.#decision?.rulePath ?? this.intake.target.path, target));
  }

  #observeEnd(outcome: AttemptOutcome): void {
    this.#attempt?.end(outcome);
    this.#attempt = undefined;
  }

  /** The caller is told a code and an id; this is what the id finds. */
  logCause(code: ErrorCode, cause: unknown): void {
    const fields = { err: cause, code, requestId: this.intake.requestId };
    if (code === 'internal') this.#ctx.log.error(fields, 'a request failed');
    else this.#ctx.log.debug(fields, 'a request failed');
  }

  end({ status, sent, received, error, cut, upgraded }: Ending): void {
    this.#isOver = true;
    const where = this.#where;
    const outcome: { -readonly [K in keyof RequestOutcome]: RequestOutcome[K] } = {
      status,
      where,
      sent,
      received,
    };
    const choice = this.#decision?.choice;
    if (choice !== undefined) outcome.choice = choice;
    if (error !== undefined) outcome.error = error;
    if (cut) outcome.cut = true;
    if (upgraded) outcome.upgraded = true;
    this.#observation.end(outcome);
  }
}

/** Status in records of a request whose client left before it was answered. */
export const CLIENT_LEFT = 499;
