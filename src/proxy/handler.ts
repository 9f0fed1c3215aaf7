import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Decision, isRefusal, type Refusal, upstreamPath } from '../core/decide.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { Target } from '../core/model.ts';
import { type FailedTry, nextTarget } from '../core/retry.ts';
import type { AttemptObservation, AttemptOutcome, RequestObservation } from '../telemetry/observer.ts';
import { Attempt, type AttemptEvents, type RawFields } from './attempt.ts';
import type { Connection, OnConnection } from './connection.ts';
import type { Context } from './context.ts';
import { readResponseHead, stampResponse } from './headers.ts';
import { beginObservation, factsOf, type Intake, outcomeOf, stampFor, takeIn } from './intake.ts';
import type { ProxyFacts } from './options.ts';
import { Reply } from './reply.ts';
import { discardRest, RequestBody } from './request-body.ts';
import { plain, problem } from './respond.ts';

/** Carries one request from its head to the last byte of its answer. Never throws. */
export const handle = (
  ctx: Context,
  connection: Connection,
  req: IncomingMessage,
  res: ServerResponse,
  expectsContinue = false,
): void => {
  const exchange = new Exchange(ctx, connection, req, res, expectsContinue);
  try {
    exchange.begin();
  } catch (cause) {
    exchange.fail('internal', cause);
  }
};

/**
 * One request and its answer: take in, decide, try (and perhaps try again), pass the response on, end.
 * What happens to it comes as calls of its attempt, its body and its connection.
 */
class Exchange implements AttemptEvents, OnConnection {
  readonly #ctx: Context;
  readonly #connection: Connection;
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #reply: Reply;
  readonly #intake: Intake;
  readonly #observation: RequestObservation;
  #expectsContinue: boolean;
  #outcome: Decision | Refusal | undefined;
  /** How many of the head's fields are the same for each attempt. */
  #stamped = 0;
  #body: RequestBody | undefined;
  #attempt: Attempt | undefined;
  #attemptObservation: AttemptObservation | undefined;
  #failures: FailedTry[] = [];
  #error: ErrorCode | undefined;
  #stall: NodeJS.Timeout | undefined;
  #over = false;

  constructor(
    ctx: Context,
    connection: Connection,
    req: IncomingMessage,
    res: ServerResponse,
    expectsContinue: boolean,
  ) {
    this.#ctx = ctx;
    this.#connection = connection;
    this.#req = req;
    this.#res = res;
    this.#expectsContinue = expectsContinue;
    this.#reply = new Reply(res);
    this.#intake = takeIn(ctx, req);
    this.#observation = beginObservation(ctx, req, connection, this.#intake);
    connection.running.add(this);
    ctx.requests += 1;
  }

  begin(): void {
    const { fault, target } = this.#intake;
    if (fault !== undefined) this.fail(fault);
    else if (this.#ctx.requests > this.#ctx.limits.requests) this.fail('overloaded');
    else if (target.path === '*') this.#answerForItself();
    else this.#route(factsOf(this.#connection, this.#intake));
  }

  #route(facts: ProxyFacts): void {
    const prepared = this.#ctx.prepare?.(facts);
    if (prepared === undefined) this.#decide(facts);
    else prepared.then(() => this.#decide(facts)).catch((cause: unknown) => this.fail('internal', cause));
  }

  #decide(facts: ProxyFacts): void {
    if (this.#over) return;
    const outcome = this.#ctx.decide(facts);
    this.#outcome = outcome;
    if (isRefusal(outcome)) {
      this.fail(outcome.code);
      return;
    }
    stampFor(this.#ctx, this.#req, this.#connection, this.#intake, outcome.target.instance);
    this.#stamped = this.#intake.head.fields.length;
    if (this.#intake.framing !== 'none') this.#body = this.#openBody();
    this.#try(outcome, outcome.target, outcome.path);
  }

  #try(decision: Decision, target: Target, path: string): void {
    const { head, target: asked } = this.#intake;
    const { id: instanceId, address, port } = target.instance;
    const upstream = this.#ctx.upstreams.for(target.instance);
    if (upstream === undefined) {
      this.failed({ target, code: 'overloaded', sent: false, reused: false }, ALL_IN_USE);
      return;
    }
    this.#attempt = new Attempt(target, upstream, this);
    this.#ctx.loads.start(instanceId);
    const { route, service } = decision;
    this.#attemptObservation = this.#observation.attempt({
      route,
      service,
      version: target.version,
      instanceId,
      address,
      port,
      resend: this.#failures.length,
    });
    head.fields.length = this.#stamped;
    head.fields.push(...this.#attemptObservation.headers);
    this.#attempt.start({
      method: this.#req.method ?? '',
      path: asked.query === '' ? path : path + asked.query,
      fields: head.fields,
      body: this.#body,
    });
  }

  sending(): void {
    // The client is asked for its body only once somebody will take it.
    if (this.#expectsContinue) this.#res.writeContinue();
    this.#expectsContinue = false;
  }

  informed(status: number, raw: RawFields): void {
    const head = readResponseHead(status, raw);
    if (head !== undefined && this.#reply.status === undefined) this.#reply.inform(status, head.fields);
  }

  responded(status: number, raw: RawFields): void {
    const head = readResponseHead(status, raw);
    try {
      if (head === undefined) throw new Error('the response has a transfer coding that cannot be passed on');
      stampResponse(head, this.#intake.requestId, this.#ctx.via);
      this.#reply.begin(status, head, this.#ctx.draining);
    } catch (cause) {
      this.#attempt?.abort();
      this.#endAttempt({ error: 'bad_response' });
      this.fail('bad_response', cause);
    }
  }

  received(chunk: Buffer): boolean {
    if (this.#reply.write(chunk)) return true;
    this.#awaitClient();
    return false;
  }

  ended(trailers: RawFields): void {
    this.#endAttempt({ status: this.#reply.status ?? 0 });
    this.#reply.end(trailers, this.#flushed);
  }

  failed(failure: FailedTry, cause: Error): void {
    const { status } = this.#reply;
    this.#endAttempt(status === undefined ? { error: failure.code } : { status, error: failure.code });
    this.#failures.push(failure);
    const next = status === undefined ? this.#nextTarget() : undefined;
    if (next === undefined) this.fail(failure.code, cause);
    else this.#try(next.decision, next.target, upstreamPath(this.#intake.target.path, next.target));
  }

  #nextTarget(): { decision: Decision; target: Target } | undefined {
    const decision = this.#outcome;
    if (decision === undefined || isRefusal(decision)) return undefined;
    const request = {
      method: this.#req.method ?? '',
      hasBody: this.#body !== undefined,
      bodyTouched: this.#body?.touched ?? false,
    };
    const { loads, chance } = this.#ctx;
    const target = nextTarget(request, this.#failures, decision.candidates, loads, chance);
    return target && { decision, target };
  }

  /** Answers with a problem, or cuts the answer that has begun. An attempt under way is not to blame. */
  fail(code: ErrorCode, cause?: unknown): void {
    if (this.#over) return;
    const { requestId } = this.#intake;
    if (cause !== undefined) this.#logCause(code, cause);
    this.#attempt?.abort();
    this.#endAttempt({ clientLeft: true });
    this.#error = code;
    if (this.#reply.status !== undefined) this.#cut();
    else {
      // After a malformed request nobody knows where the next one begins.
      const closes = this.#ctx.draining || code === 'request_timeout' || code === 'bad_request';
      this.#reply.answer(problem(code, requestId), closes, this.#flushed);
    }
  }

  clientLeft(): void {
    if (this.#over) return;
    const { status } = this.#reply;
    this.#attempt?.abort();
    this.#endAttempt(status === undefined ? { clientLeft: true } : { clientLeft: true, status });
    this.#finish(status !== undefined);
  }

  garbled(): boolean {
    if (this.#over || this.#reply.status !== undefined) return false;
    this.fail('bad_request');
    return true;
  }

  /** The caller is told a code and an id; this is what the id finds. */
  #logCause(code: ErrorCode, cause: unknown): void {
    const fields = { err: cause, code, requestId: this.#intake.requestId };
    if (code === 'internal') this.#ctx.log.error(fields, 'a request failed');
    else this.#ctx.log.debug(fields, 'a request failed');
  }

  #answerForItself(): void {
    this.#reply.answer(plain(200, '', this.#intake.requestId), this.#ctx.draining, this.#flushed);
  }

  #openBody(): RequestBody {
    return new RequestBody(this.#req, {
      maxBytes: this.#ctx.limits.bodyBytes,
      stall: this.#ctx.timeouts.clientStall,
      onProblem: code => this.fail(code),
    });
  }

  /** The client takes less than the upstream gives: the rest waits with the upstream, but not for ever. */
  #awaitClient(): void {
    const { clientStall } = this.#ctx.timeouts;
    if (clientStall > 0) this.#stall = setTimeout(() => this.fail('request_timeout'), clientStall).unref();
    this.#reply.onDrain(() => {
      clearTimeout(this.#stall);
      this.#attempt?.resume();
    });
  }

  #endAttempt(outcome: AttemptOutcome): void {
    if (this.#attempt === undefined) return;
    this.#ctx.loads.end(this.#attempt.target.instance.id);
    this.#attemptObservation?.end(outcome);
    this.#attempt = undefined;
    this.#attemptObservation = undefined;
  }

  #cut(): void {
    this.#finish(true);
    this.#reply.cut();
  }

  readonly #flushed = (): void => {
    if (this.#over) return;
    this.#finish(false);
    if (this.#intake.framing !== 'none' && !this.#req.readableEnded) {
      discardRest(this.#req, this.#ctx.timeouts.linger);
    }
  };

  #finish(cut: boolean): void {
    this.#over = true;
    clearTimeout(this.#stall);
    this.#body?.destroy();
    this.#connection.running.delete(this);
    this.#ctx.requests -= 1;
    const { status = CLIENT_LEFT, sent } = this.#reply;
    const received = this.#body?.received ?? 0;
    this.#observation.end(outcomeOf({ status, sent, received, error: this.#error, cut }, this.#outcome));
  }
}

/** Status in records of a request whose client left before it was answered. */
const CLIENT_LEFT = 499;

const ALL_IN_USE = new Error('every connection that the instance may have is in use');
