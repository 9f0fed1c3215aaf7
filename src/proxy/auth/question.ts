import { pickTarget } from '../../core/balance/balance.ts';
import type { CompiledAuth } from '../../core/filters/auth.ts';
import { chooseArm, type SideArm } from '../../core/filters/side.ts';
import type { Target } from '../../core/model/rule.ts';
import type { Where } from '../../core/model/where.ts';
import { type FailedAttempt, Tries } from '../../core/retry/retry.ts';
import { STEPS } from '../../core/split/sequence.ts';
import type { AttemptObservation, RequestObservation } from '../../telemetry/observer.ts';
import { Attempt, type AttemptEvents } from '../attempt.ts';
import type { Context } from '../context.ts';
import { linesOf } from '../field-lines.ts';
import type { Timed } from '../heartbeat.ts';
import type { ResponseHead } from '../response-head.ts';
import type { UpstreamRequest } from '../upstream/request-writer.ts';

/** What is asked about one request. */
export interface Asked {
  readonly auth: CompiledAuth;
  readonly observation: RequestObservation;
  /** The question as it goes to a target, but for the lines of a trace. */
  requestFor(target: Target): UpstreamRequest;
}

/** Who hears what came of it: one of them, once, and not after `withdraw`. */
export interface Asker {
  /** Somebody has judged. */
  judged(head: ResponseHead, body: Buffer, where: Where): void;
  /** Nobody has, within the time. */
  unanswered(cause: Error, where: Where): void;
}

/** Of an answer; more than any page of a login needs. */
const MOST_BODY = 1024 * 1024;

/** Asking twice does no harm. */
const REPEATABLE = { method: 'GET', isBodyLost: false };

/**
 * Asks whether one request may pass: one instance of the service that judges, and another where that fails. It counts at
 * the instances as any attempt does.
 */
export class Question implements AttemptEvents, Timed {
  place = -1;
  readonly #ctx: Context;
  readonly #asked: Asked;
  readonly #asker: Asker;
  readonly #arm: SideArm | undefined;
  readonly #tries: Tries;
  #attempt: Attempt | undefined;
  /** Of the attempt under way. */
  #observation: AttemptObservation | undefined;
  #head: ResponseHead | undefined;
  #pieces: Buffer[] = [];
  #length = 0;
  #age = 0;
  #isOver = false;

  constructor(ctx: Context, asked: Asked, asker: Asker) {
    const { to } = asked.auth;
    this.#ctx = ctx;
    this.#asked = asked;
    this.#asker = asker;
    this.#arm = chooseArm(to, ctx.sequences, ctx.chance, STEPS.judging);
    this.#tries = new Tries(ctx.fleet, { candidates: this.#arm?.targets ?? [] });
  }

  begin(): void {
    this.#ctx.running.enter(this);
    const { fleet, chance } = this.#ctx;
    const target = this.#arm && pickTarget(fleet, this.#arm.targets, {}, this.#ctx.now(), chance);
    if (target === undefined) this.#giveUp(new Error('no live instance can judge'));
    else this.#askAt(target);
  }

  /** The answer does not matter any more. */
  withdraw(): void {
    if (this.#isOver) return;
    this.#finish();
    this.#attempt?.abort();
    this.#tries.abandoned(this.#ctx.now());
    this.#observe({ clientLeft: true });
  }

  tick(elapsed: number): void {
    this.#age += elapsed;
    const limit = this.#asked.auth.timeout ?? this.#ctx.timeouts.auth;
    if (limit === 0 || this.#age < limit) return;
    this.#attempt?.abort();
    this.#tries.failed('upstream_timeout', false, this.#ctx.now());
    this.#observe({ error: 'upstream_timeout' });
    this.#giveUp(new Error('nobody judged in time'));
  }

  #askAt(target: Target): void {
    const upstream = this.#ctx.upstreams.for(target);
    if (upstream === undefined) {
      this.failed({ target, code: 'overloaded', sent: false, reused: false }, ALL_IN_USE);
      return;
    }
    const { id: instanceId, address, port } = target.instance;
    this.#tries.begin(target, this.#ctx.now());
    const observation = this.#asked.observation.ask({
      where: this.#where,
      instanceId,
      address,
      port,
      resend: this.#tries.resend,
    });
    this.#observation = observation;
    this.#head = undefined;
    const request = this.#asked.requestFor(target);
    const lines = request.lines + linesOf(observation.headers);
    this.#attempt = new Attempt(target, { ...request, lines }, this);
    this.#attempt.start(upstream);
  }

  get #where(): Where {
    return this.#arm?.where ?? this.#asked.auth.to.where;
  }

  sending(): void {}

  informed(): void {}

  responded(head: ResponseHead): void {
    const now = this.#ctx.now();
    this.#tries.responded(head.status, now);
    this.#head = head;
    if (head.status < 500) return;
    // It has not judged, whatever it says.
    this.#attempt?.abort();
    const next = this.#tries.afterStatus(head.status, REPEATABLE, now, this.#ctx.chance);
    this.#tries.completed();
    this.#observe({ status: head.status });
    if (next === undefined) this.#giveUp(new Error(`whoever judges answered ${head.status}`));
    else this.#askAt(next);
  }

  received(piece: Buffer): boolean {
    this.#length += piece.length;
    if (this.#length <= MOST_BODY) this.#pieces.push(Buffer.from(piece));
    else {
      this.#attempt?.abort();
      this.#tries.completed();
      this.#observe({ error: 'bad_response' });
      this.#giveUp(new Error(`the answer of whoever judges is longer than ${MOST_BODY} bytes`));
    }
    return true;
  }

  rested(): void {}

  ended(): void {
    const head = this.#head as ResponseHead;
    this.#tries.completed();
    this.#observe({ status: head.status });
    this.#finish();
    this.#asker.judged(head, Buffer.concat(this.#pieces), this.#where);
  }

  failed(failure: FailedAttempt, cause: Error): void {
    const now = this.#ctx.now();
    this.#tries.failed(failure.code, failure.reused, now);
    this.#observe({ error: failure.code });
    this.#pieces = [];
    this.#length = 0;
    const next = this.#tries.afterFailure(failure, REPEATABLE, now, this.#ctx.chance);
    if (next === undefined) this.#giveUp(cause);
    else this.#askAt(next);
  }

  #giveUp(cause: Error): void {
    this.#finish();
    this.#asker.unanswered(cause, this.#where);
  }

  #finish(): void {
    this.#isOver = true;
    this.#ctx.running.leave(this);
  }

  #observe(outcome: Parameters<AttemptObservation['end']>[0]): void {
    this.#observation?.end(outcome);
    this.#observation = undefined;
  }
}

const ALL_IN_USE = new Error('every connection that the instance may have is in use');
