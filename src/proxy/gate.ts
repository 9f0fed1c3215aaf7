import type { Gated } from '../core/decide/gated.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { Answer } from '../core/filters/answer.ts';
import { type CompiledAuth, passedFields, takenFields, toldFields } from '../core/filters/auth.ts';
import type { Target } from '../core/model/rule.ts';
import type { Where } from '../core/model/where.ts';
import type { Judgement, RequestObservation } from '../telemetry/observer.ts';
import { type Asker, Question } from './auth/question.ts';
import type { Connection } from './connection.ts';
import type { Context } from './context.ts';
import { fieldsOf } from './field-lines.ts';
import { without } from './fields.ts';
import type { Intake, RequestLines } from './intake.ts';
import { outgoingLines } from './outgoing.ts';
import type { ResponseHead } from './response-head.ts';
import type { UpstreamRequest } from './upstream/request-writer.ts';

/** A request that wants to pass. */
export interface Passenger {
  readonly connection: Connection;
  readonly request: RequestLines;
  readonly intake: Intake;
  readonly observation: RequestObservation;
}

/** Told once what becomes of the request, and never after it has left. */
export interface Passage {
  /** @param change what whoever lets it pass makes of its fields: of those as received, and of those that go on */
  pass(change: (fields: readonly string[]) => readonly string[]): void;
  answer(answer: Answer): void;
  fail(code: ErrorCode, cause: Error): void;
}

/**
 * What stands between a request and its upstream, asked once for each, before anybody is picked for it: whoever its rule
 * has judge requests.
 */
export class Gate implements Asker {
  readonly #ctx: Context;
  readonly #auth: CompiledAuth;
  /** What is asked about, with its query. */
  readonly #uri: string;
  readonly #passenger: Passenger;
  readonly #passage: Passage;
  readonly #question: Question;
  judgement: Judgement | undefined;

  constructor(
    ctx: Context,
    { auth, rulePath }: Pick<Gated<unknown>, 'auth' | 'rulePath'>,
    passenger: Passenger,
    passage: Passage,
  ) {
    const { intake, observation } = passenger;
    this.#ctx = ctx;
    this.#auth = auth;
    this.#uri = (rulePath ?? intake.target.path) + intake.target.query;
    this.#passenger = passenger;
    this.#passage = passage;
    const requestFor = (target: Target): UpstreamRequest => this.#requestFor(target);
    this.#question = new Question(ctx, { auth, observation, requestFor }, this);
  }

  ask(): void {
    this.#question.begin();
  }

  /** The request is over. */
  leave(): void {
    this.#question.withdraw();
  }

  #requestFor(target: Target): UpstreamRequest {
    const { connection, request, intake } = this.#passenger;
    const { path, asksFor, keepsMethod } = this.#auth;
    const fields = toldFields(intake.head.fields, this.#auth);
    const told = { ...intake, head: { ...intake.head, fields } };
    const lines = outgoingLines(this.#ctx, connection, request.httpVersion, told, target, undefined);
    return {
      method: keepsMethod ? request.method : 'GET',
      path: asksFor === 'path' ? path : path + this.#uri,
      lines: `${lines}X-Forwarded-Method: ${request.method}\r\nX-Forwarded-Uri: ${this.#uri}\r\n`,
      contentLength: undefined,
      body: undefined,
    };
  }

  judged({ status, lines }: ResponseHead, body: Buffer, where: Where): void {
    const fields = fieldsOf(lines);
    const passes = status < 300;
    this.#judge(passes ? 'passed' : 'denied', where);
    if (passes) this.#pass(takenFields(fields, this.#auth));
    else this.#passage.answer({ status, fields: without(fields, WRITTEN_ANEW), body });
  }

  unanswered(cause: Error, where: Where): void {
    this.#judge('unanswered', where);
    if (this.#auth.failsOpen) this.#pass([]);
    else this.#passage.fail('auth_unavailable', cause);
  }

  #judge(judgement: Judgement, where: Where): void {
    this.judgement = judgement;
    this.#ctx.judgements.add(where, judgement);
  }

  #pass(taken: readonly string[]): void {
    this.#passage.pass(fields => passedFields(fields, taken, this.#auth));
  }
}

/** Of an answer that goes to the client as one of ours. */
const WRITTEN_ANEW = ['content-length', 'date'];
