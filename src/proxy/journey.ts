import type { Retryable } from '../core/balance/outcome.ts';
import {
  type Decision,
  isGated,
  isOwnAnswer,
  isRefusal,
  type Outcome,
  type Passed,
  upstreamPath,
} from '../core/decide/decide.ts';
import type { Gated } from '../core/decide/gated.ts';
import type { ErrorCode } from '../core/errors.ts';
import { responseEdit } from '../core/filters/answer.ts';
import type { Mirror, RequestChange } from '../core/filters/compile.ts';
import type { HeaderEdit } from '../core/filters/header-change.ts';
import { statusMeant } from '../core/grpc.ts';
import type { Target } from '../core/model/rule.ts';
import { isHttp2 } from '../core/model/speech.ts';
import { NOWHERE, type Where } from '../core/model/where.ts';
import { type FailedAttempt, Tries } from '../core/retry/retry.ts';
import { readRetryAfter } from '../core/retry/retry-after.ts';
import type {
  AttemptObservation,
  AttemptOutcome,
  RequestObservation,
  RequestOutcome,
} from '../telemetry/observer.ts';
import type { TakeBody } from './body-copy.ts';
import type { Connection } from './connection.ts';
import type { Context } from './context.ts';
import { drawCopies, type Original } from './copying.ts';
import { Facts } from './facts.ts';
import { linesOf } from './field-lines.ts';
import { fieldOf } from './fields.ts';
import { Gate } from './gate.ts';
import { type Intake, type RequestLines, takeIn } from './intake.ts';
import { introduce } from './introduction.ts';
import { limitFields } from './limit-fields.ts';
import { outgoingLines } from './outgoing.ts';
import { edited } from './respond.ts';
import { editResponse, type ResponseHead, stampResponse } from './response-head.ts';
import { type Ending, statusAtEnd, type Traveller } from './traveller.ts';

/**
 * What is the same in every lane of a request's story: it is taken in, a target is decided, attempts are made
 * and counted, a failed one leads to the next, and all of it is observed. No byte moves here.
 */
export class Journey {
  intake: Intake;
  readonly #ctx: Context;
  readonly #connection: Connection;
  #request: RequestLines;
  readonly #traveller: Traveller;
  readonly #observation: RequestObservation;
  #outcome: Outcome | undefined;
  #gate: Gate | undefined;
  /** Where the request goes to an upstream. */
  #decision: Decision | undefined;
  /** The field lines that are the same for each attempt. */
  #lines = '';
  /** For which they are, where an instance wants one of its own. */
  #host: string | undefined;
  #mirrors: readonly Mirror[] | undefined;
  #tries: Tries | undefined;
  /** Of the attempt under way. */
  #attempt: AttemptObservation | undefined;
  /** Of the last attempt. */
  #target: Target | undefined;
  #now = 0;
  /** For the next attempt to begin. */
  #waiting: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(ctx: Context, connection: Connection, request: RequestLines, traveller: Traveller) {
    this.#ctx = ctx;
    this.#connection = connection;
    this.#request = request;
    this.#traveller = traveller;
    this.intake = takeIn(ctx, connection, request);
    const { client, target, requestId } = this.intake;
    this.#observation = ctx.observer.begin({
      method: request.method,
      path: target.path,
      scheme: client.scheme,
      authority: target.authority,
      protocolVersion: request.httpVersion,
      clientAddress: client.address,
      requestId,
      rawHeaders: request.rawHeaders,
    });
  }

  /** Leads to an `attempt` or a `fail` of the traveller, at once where there is nothing to prepare. */
  depart(): void {
    const facts = this.#facts;
    const prepared = this.#ctx.prepare?.(facts);
    if (prepared === undefined) this.#decide(facts, this.#ctx);
    else {
      prepared.then(
        () => this.#decide(facts, this.#ctx),
        cause => this.#traveller.fail('internal', cause),
      );
    }
  }

  get #facts(): Facts {
    return new Facts(this.intake, this.#request, this.#connection);
  }

  #decide(facts: Facts, by: Pick<Context, 'decide'>): void {
    if (this.#isOver) return;
    this.#now = this.#ctx.now();
    let outcome: Outcome;
    try {
      outcome = by.decide(facts, this.#now);
    } catch (cause) {
      this.#traveller.fail('internal', cause);
      return;
    }
    this.#outcome = outcome;
    if (isRefusal(outcome)) this.#traveller.fail(outcome.code);
    else if (isOwnAnswer(outcome)) this.#traveller.answer(outcome.answer);
    else if (isGated(outcome)) this.#ask(outcome);
    else {
      this.#decision = outcome;
      this.#tries = new Tries(this.#ctx.fleet, outcome);
      this.#mirrors = outcome.filters?.mirrors;
      this.#stamp(outcome.target, outcome.filters?.request);
      this.#attemptAt(outcome.target, outcome.path);
    }
  }

  /** Whoever stands between the request and its upstream; then it is decided on. */
  #ask(gated: Gated<Passed>): void {
    const [ctx, connection, request, intake] = [this.#ctx, this.#connection, this.#request, this.intake];
    const passenger = { connection, request, intake, observation: this.#observation };
    this.#gate = new Gate(ctx, gated, passenger, {
      pass: change => {
        this.#request = { ...request, rawHeaders: change(request.rawHeaders) };
        this.intake = { ...intake, head: { ...intake.head, fields: change(intake.head.fields) } };
        this.#decide(this.#facts, gated);
      },
      answer: answer => {
        const fields = [...edited(answer, this.responseEdit).fields, ...this.limitFields];
        this.#traveller.answer({ ...answer, fields });
      },
      fail: (code, cause) => this.#traveller.fail(code, cause),
    });
    this.#gate.ask();
  }

  /** Called from events, where nobody would catch what a fault of ours throws. */
  #attemptAt(target: Target, path: string): void {
    try {
      this.#traveller.attempt(target, path + this.intake.target.query);
    } catch (cause) {
      this.#traveller.fail('internal', cause);
    }
  }

  #stamp(target: Target, change: RequestChange | undefined): void {
    this.#host = target.host;
    this.#lines = this.#linesFor(target, change);
  }

  #linesFor(target: Target, change: RequestChange | undefined): string {
    return outgoingLines(this.#ctx, this.#connection, this.#request.httpVersion, this.intake, target, change);
  }

  get #where(): Where {
    return this.#outcome?.where ?? NOWHERE;
  }

  /** @returns the field lines to send, without those that frame the body */
  beginAttempt(target: Target): string {
    const { id: instanceId, address, port } = target.instance;
    this.#tries?.begin(target, this.#now);
    this.#target = target;
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
  responded({ status, retryAfter: told }: ResponseHead, grpcStatus?: number): void {
    const retryAfter = status === 503 ? told : undefined;
    const rest = retryAfter === undefined ? undefined : readRetryAfter(retryAfter, Date.now());
    this.#tries?.responded(statusMeant(status, grpcStatus), this.#ctx.now(), rest);
  }

  /** Makes of the head of the answer what the rule wants of it, and adds what is not the upstream's to say. */
  stampResponse(head: ResponseHead): void {
    const edit = this.responseEdit;
    if (edit !== undefined && head.status !== 101) editResponse(head, edit);
    stampResponse(head, this.intake.requestId, this.#ctx.via, isHttp2(this.#target?.speech) ? '2.0' : '1.1');
    const decision = this.#decision;
    if (decision !== undefined && this.#target !== undefined && (decision.session ?? decision.setCookie))
      introduce(head, decision, this.#target);
    head.lines += linesOf(this.limitFields);
  }

  /** Milliseconds over all attempts, where the rule says so. */
  get timeout(): number | undefined {
    return this.#decision?.timeout;
  }

  /** Milliseconds of one attempt, where the rule says so. */
  get tryTimeout(): number | undefined {
    return this.#decision?.tryTimeout;
  }

  /** What the caller is told of the limits of the rule: name, value, name, value … */
  get limitFields(): readonly string[] {
    const limited = this.#outcome?.limited;
    return limited === undefined ? NOTHING : limitFields(limited);
  }

  /** What the rule changes of the fields of a final response. */
  get responseEdit(): HeaderEdit | undefined {
    const filters = this.#outcome?.filters;
    return filters && responseEdit(filters, fieldOf(this.#request.rawHeaders, 'origin'));
  }

  /**
   * Draws who gets a copy of the request. Once a request: for another attempt there is none.
   *
   * @returns sends them, or undefined where there are none
   */
  drawCopies(): TakeBody | undefined {
    const mirrors = this.#mirrors;
    if (mirrors === undefined) return undefined;
    this.#mirrors = undefined;
    const original: Original = {
      method: this.#request.method,
      path: this.#rulePath,
      intake: this.intake,
      observation: this.#observation,
      linesFor: (target, change) => this.#linesFor(target, change),
    };
    return drawCopies(mirrors, original, this.#ctx);
  }

  /** What the rule goes by. */
  get #rulePath(): string {
    return this.#decision?.rulePath ?? this.intake.target.path;
  }

  /** Closes the attempt under way, if there is one, and waits for none any more. */
  endAttempt(outcome: AttemptOutcome): void {
    clearTimeout(this.#waiting);
    this.#gate?.leave();
    if (this.#attempt === undefined) return;
    if (outcome.clientLeft === true) this.#tries?.abandoned(this.#ctx.now());
    else if (outcome.error === undefined) this.#tries?.completed(statusAtEnd(outcome));
    else this.#tries?.failed(outcome.error, false, this.#ctx.now());
    this.#observeEnd(outcome);
  }

  /** After a try in vain, which is closed: leads to the next `attempt`, or to `fail` with this one's code. */
  goOn(failure: FailedAttempt, request: Retryable, cause: unknown): void {
    this.#now = this.#ctx.now();
    this.#tries?.failed(failure.code, failure.reused, this.#now);
    this.#observeEnd({ error: failure.code });
    const next = this.#tries?.afterFailure(failure, request, this.#now, this.#ctx.chance);
    if (next === undefined) this.#traveller.fail(this.#tries?.summary(failure.code) ?? failure.code, cause);
    else this.#attemptAfterPause(next);
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
    this.#attemptAfterPause(next);
    return true;
  }

  #attemptAfterPause(target: Target): void {
    const wait = this.#tries?.wait(this.#ctx.chance) ?? 0;
    if (wait === 0) this.#attemptNext(target);
    else {
      this.#waiting = setTimeout(() => {
        this.#now = this.#ctx.now();
        this.#attemptNext(target);
      }, wait).unref();
    }
  }

  #attemptNext(target: Target): void {
    const change = this.#outcome?.filters?.request;
    if (target.host !== this.#host || this.#ctx.upstreamHost === 'instance') this.#stamp(target, change);
    this.#attemptAt(target, upstreamPath(this.#rulePath, change, target));
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

  end({ status, grpcStatus, sent, received, error, cut, upgraded }: Ending): void {
    this.#isOver = true;
    const where = this.#where;
    const outcome: { -readonly [K in keyof RequestOutcome]: RequestOutcome[K] } = {
      status,
      where,
      sent,
      received,
    };
    const choice = this.#decision?.choice;
    const auth = this.#gate?.judgement;
    if (grpcStatus !== undefined) outcome.grpcStatus = grpcStatus;
    if (auth !== undefined) outcome.auth = auth;
    if (choice !== undefined) outcome.choice = choice;
    if (error !== undefined) outcome.error = error;
    if (cut) outcome.cut = true;
    if (upgraded) outcome.upgraded = true;
    this.#observation.end(outcome);
  }
}

const NOTHING: readonly string[] = [];

/** Status in records of a request whose client left before it was answered. */
export const CLIENT_LEFT = 499;
