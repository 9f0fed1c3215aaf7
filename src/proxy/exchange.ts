import type { Retryable } from '../core/balance/outcome.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { Answer } from '../core/filters/answer.ts';
import { readGrpcStatus } from '../core/grpc.ts';
import type { Target } from '../core/model/rule.ts';
import { isHttp2 } from '../core/model/speech.ts';
import type { FailedAttempt } from '../core/retry/retry.ts';
import { Attempt, type AttemptEvents } from './attempt.ts';
import { takeLater } from './body-copy.ts';
import type { Connection, OnConnection } from './connection.ts';
import type { Context } from './context.ts';
import { fieldOf } from './fields.ts';
import type { Timed } from './heartbeat.ts';
import { HOP_FAILURE, readFailure, tellFailure } from './hop-failure.ts';
import { CLIENT_LEFT, Journey } from './journey.ts';
import type { Incoming, Reply, RequestBody } from './lane.ts';
import { type Awaited, Patience } from './patience.ts';
import { readiness } from './readiness.ts';
import { edited, type OwnAnswer, plain, problem, ruled } from './respond.ts';
import type { ResponseHead } from './response-head.ts';
import type { Slow } from './slow-clients.ts';
import type { Traveller } from './traveller.ts';

/**
 * One request and its answer, in whichever lane. It begins; its journey leads to attempts; an attempt sends, is
 * answered piece by piece, and ends or fails; the reply goes out; it is over. Client and upstream may leave at any
 * moment. Never throws.
 */
export class Exchange implements Traveller, AttemptEvents, OnConnection, Timed, Slow {
  readonly #ctx: Context;
  readonly #connection: Connection;
  readonly #incoming: Incoming;
  readonly #reply: Reply;
  readonly #journey: Journey;
  #body: RequestBody | undefined;
  #attempt: Attempt | undefined;
  #error: ErrorCode | undefined;
  #grpcStatus: number | undefined;
  /** Most requests are over before anybody asks. */
  #patience: Patience | undefined;
  /** Milliseconds since somebody asked, and for which nobody needs to. */
  #unasked = 0;
  #rest = 0;
  /** The client is slower, and was asked to tell when to go on. */
  #isHeldUp = false;
  #isSlow = false;
  #hasBegun = false;
  /** The rest of the request is no HTTP. */
  #isGarbled = false;
  #over = false;
  place = -1;

  constructor(ctx: Context, connection: Connection, incoming: Incoming, reply: Reply) {
    this.#ctx = ctx;
    this.#connection = connection;
    this.#incoming = incoming;
    this.#reply = reply;
    this.#journey = new Journey(ctx, connection, incoming, this);
    ctx.requests += 1;
  }

  begin(): void {
    const { target } = this.#journey.intake;
    const fault = this.#isGarbled ? 'bad_request' : this.#journey.intake.fault;
    this.#hasBegun = true;
    this.#ctx.running.enter(this);
    if (fault !== undefined) this.fail(fault);
    else if (this.#ctx.admission.refusesRequest(this.#ctx.requests)) this.fail('overloaded');
    else if (target.path === '*') this.#answerForItself();
    else if (target.path === this.#ctx.readyPath) this.#answerReady();
    else this.#openBody();
  }

  /** Leads to the journey's departure, with a small body once it is there. */
  #openBody(): void {
    const { framing, head } = this.#journey.intake;
    if (framing === 'none') {
      this.#journey.depart();
      return;
    }
    const length = framing === 'length' ? Number(head.contentLength) : undefined;
    this.#body = this.#incoming.openBody(length, code => this.fail(code));
    this.#body.whenReady(() => this.#journey.depart());
  }

  attempt(target: Target, path: string): void {
    const { upstreams, admission } = this.#ctx;
    let upstream = upstreams.for(target);
    if (upstream === undefined && admission.makeRoom(target.instance.id)) upstream = upstreams.for(target);
    if (upstream === undefined) {
      this.failed({ target, code: 'overloaded', sent: false, reused: false }, ALL_IN_USE);
      return;
    }
    const lines = this.#journey.beginAttempt(target);
    const { contentLength } = this.#journey.intake.head;
    const { method } = this.#incoming;
    const timeout = this.#journey.tryTimeout;
    const headTimeout = this.#headTimeout;
    const request = { method, path, lines, contentLength, body: this.#body?.content, timeout, headTimeout };
    this.#attempt = new Attempt(target, request, this);
    this.#attempt.start(upstream);
  }

  /** A rule that gives all tries more than one usually has means that one, too. */
  get #headTimeout(): number | undefined {
    const { timeout } = this.#journey;
    return timeout !== undefined && timeout > this.#ctx.timeouts.responseHead ? 0 : undefined;
  }

  sending(): void {
    // The client is asked for its body only once somebody will take it.
    this.#incoming.askForBody();
    const sendCopies = this.#journey.drawCopies();
    if (sendCopies === undefined) return;
    if (this.#body === undefined) takeLater(sendCopies, undefined, true);
    else this.#body.copy(this.#ctx.limits.keptBodyBytes, sendCopies);
  }

  informed({ status, lines }: ResponseHead): void {
    this.#reply.inform(status, lines);
  }

  responded(head: ResponseHead): void {
    if (head.hopFailure !== undefined && this.#failedBehind(head.hopFailure)) return;
    this.#grpcStatus = readGrpcStatus(head.grpcStatus);
    this.#journey.responded(head, this.#grpcStatus);
    if (head.status >= 400 && this.#isGivenUp(head.status)) return;
    try {
      this.#journey.stampResponse(head);
      this.#reply.begin(head, this.#ctx.draining);
    } catch (cause) {
      this.#attempt?.abort();
      this.#journey.endAttempt({ error: 'bad_response' });
      this.fail('bad_response', cause);
    }
  }

  /** @returns whether another instance is asked instead of passing the answer on */
  #isGivenUp(status: number): boolean {
    return this.#journey.goesElsewhere(status, this.#retryable, () => this.#attempt?.abort());
  }

  /** @returns whether the answer is that of a hop whose own attempt failed; then it is judged as ours */
  #failedBehind(told: string): boolean {
    const attempt = this.#attempt;
    const failure = readFailure(told, this.#ctx.via);
    if (attempt === undefined || failure === undefined) return false;
    attempt.abort();
    this.failed({ target: attempt.target, ...failure, reused: false }, new Error('the hop behind failed'));
    return true;
  }

  received(piece: Buffer): boolean {
    if (this.#reply.write(piece)) return true;
    // The rest waits with the upstream. What was read already still comes, in as many pieces as it has chunks.
    if (!this.#isHeldUp) {
      this.#isHeldUp = true;
      this.#reply.onDrain(() => {
        this.#isHeldUp = false;
        this.#attempt?.resume();
      });
    }
    return false;
  }

  rested(): void {
    this.#reply.flush();
  }

  ended(trailers: readonly string[]): void {
    // What is still uploaded does not matter any more.
    this.#body?.destroy();
    if (trailers.length > 0) this.#grpcStatus ??= readGrpcStatus(fieldOf(trailers, 'grpc-status'));
    const status = this.#reply.status ?? 0;
    const grpcStatus = this.#grpcStatus;
    this.#journey.endAttempt(grpcStatus === undefined ? { status } : { status, grpcStatus });
    this.#reply.end(trailers, this.#flushed);
  }

  failed(failure: FailedAttempt, cause: Error): void {
    const { status } = this.#reply;
    if (status !== undefined) {
      this.#journey.endAttempt({ status, error: failure.code });
      this.fail(failure.code, cause);
      return;
    }
    this.#journey.goOn(failure, this.#retryable, cause);
  }

  get #retryable(): Retryable {
    return { method: this.#incoming.method, isBodyLost: this.#body?.isLost ?? false };
  }

  /** Answers with a problem, or cuts the answer that has begun. An attempt under way is not to blame. */
  fail(code: ErrorCode, cause?: unknown): void {
    if (this.#over) return;
    if (cause !== undefined) this.#journey.logCause(code, cause);
    this.#attempt?.abort();
    this.#body?.destroy();
    this.#journey.endAttempt({ clientLeft: true });
    this.#error = code;
    if (this.#reply.status !== undefined) {
      this.#reply.cut();
      this.#finish(true);
    } else {
      // After a malformed request nobody knows where the next one begins.
      const closes = this.#ctx.draining || code === 'request_timeout' || code === 'bad_request';
      const own = problem(code, this.#journey.intake.requestId, this.#journey.limitFields);
      const answer = edited(own, this.#journey.responseEdit);
      if (this.#ctx.tellsFailures) this.#tell(answer.fields, code);
      this.#reply.answer(answer, closes, this.#flushed);
    }
  }

  #tell(fields: string[], code: ErrorCode): void {
    const { intake, failure } = this.#journey;
    const told = tellFailure(intake.head.via, code, failure);
    if (told !== undefined) fields.push(HOP_FAILURE, told);
  }

  get isOver(): boolean {
    return this.#over;
  }

  clientLeft(): void {
    if (this.#over) return;
    const { status } = this.#reply;
    this.#attempt?.abort();
    this.#journey.endAttempt(status === undefined ? { clientLeft: true } : { clientLeft: true, status });
    this.#finish(status !== undefined);
  }

  get isWhole(): boolean {
    return this.#incoming.isWhole;
  }

  garbled(): boolean {
    if (this.#reply.status !== undefined) return false;
    this.#isGarbled = true;
    if (this.#hasBegun) this.fail('bad_request');
    return true;
  }

  drained(): void {
    this.#reply.drained?.();
  }

  /** To who asks in another way than load balancers do (full/ready.ts): over HTTP/2, or in another spelling. */
  #answerReady(): void {
    this.#answer(readiness(this.#ctx, this.#journey.intake.requestId));
  }

  #answerForItself(): void {
    this.#answer(plain(200, '', this.#journey.intake.requestId));
  }

  answer(answer: Answer): void {
    this.#body?.destroy();
    this.#answer(ruled(answer, this.#journey.intake.requestId));
  }

  #answer(answer: OwnAnswer): void {
    this.#reply.answer(answer, this.#ctx.draining, this.#flushed);
  }

  tick(elapsed: number): void {
    if (this.#patience === undefined) {
      this.#patience = new Patience(this.#ctx.limits, this.#ctx.timeouts);
      return;
    }
    // All that is behind this line is long out of the processor's caches.
    this.#unasked += elapsed;
    if (this.#unasked < this.#rest) return;
    const late = this.#patience.judge(this.#unasked, {
      awaited: this.#awaited,
      response: this.#journey.timeout,
      total: this.#incoming.timeout,
      received: this.#body?.received ?? 0,
      sent: this.#reply.sent,
      held: this.#reply.held,
      isCall: this.#incoming.grpcType !== undefined && isHttp2(this.#attempt?.target.speech),
    });
    this.#unasked = 0;
    this.#rest = this.#patience.rest;
    this.#tellSlowness(this.#patience.isClientSlow);
    if (late === undefined) return;
    if (late === 'upstream') this.#journey.endAttempt({ error: 'upstream_timeout' });
    this.fail(late === 'client' ? 'request_timeout' : 'upstream_timeout');
  }

  #tellSlowness(isSlow: boolean): void {
    const { slowClients } = this.#ctx.admission;
    if (isSlow)
      slowClients.add(this, this.#attempt?.isOver === false ? this.#attempt.target.instance.id : '');
    else if (this.#isSlow) slowClients.delete(this);
    this.#isSlow = isSlow;
  }

  giveWay(): void {
    this.fail('request_timeout');
  }

  get #awaited(): Awaited {
    if (this.#reply.held > 0) return 'reader';
    if (this.#reply.status !== undefined) return 'rest';
    return this.#body?.isAwaited === true ? 'body' : 'head';
  }

  readonly #flushed = (): void => {
    if (this.#over) return;
    this.#finish(false);
    this.#incoming.answered(this.#journey.intake.framing !== 'none');
  };

  #finish(cut: boolean): void {
    this.#over = true;
    this.#ctx.running.leave(this);
    if (this.#isSlow) this.#tellSlowness(false);
    this.#body?.destroy();
    this.#ctx.requests -= 1;
    const { status = CLIENT_LEFT, sent } = this.#reply;
    const grpcStatus = this.#reply.grpcStatus ?? this.#grpcStatus;
    const received = this.#body?.received ?? 0;
    this.#journey.end({ status, grpcStatus, sent, received, error: this.#error, cut, upgraded: false });
    this.#connection.leave(this);
  }
}

const ALL_IN_USE = new Error('every connection that the instance may have is in use');
