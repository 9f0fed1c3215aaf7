import type { IncomingMessage } from 'node:http';
import { type Decision, isRefusal, type Refusal, upstreamPath } from '../core/decide.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { Target } from '../core/model.ts';
import { type FailedAttempt, nextTarget, type Retryable } from '../core/retry.ts';
import { formatHostPort } from '../core/values.ts';
import type {
  AttemptObservation,
  AttemptOutcome,
  RequestObservation,
  RequestOutcome,
} from '../telemetry/observer.ts';
import type { Connection } from './connection.ts';
import type { Context } from './context.ts';
import { type Intake, takeIn } from './intake.ts';
import type { ProxyFacts } from './options.ts';
import { stampRequest } from './request-head.ts';

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
  readonly #req: IncomingMessage;
  readonly #traveller: Traveller;
  readonly #observation: RequestObservation;
  #outcome: Decision | Refusal | undefined;
  /** How many of the head's fields are the same for each attempt. */
  #stamped = 0;
  #failures: FailedAttempt[] = [];
  #current: { readonly instanceId: string; readonly observation: AttemptObservation } | undefined;
  #isOver = false;

  constructor(ctx: Context, connection: Connection, req: IncomingMessage, traveller: Traveller) {
    this.#ctx = ctx;
    this.#connection = connection;
    this.#req = req;
    this.#traveller = traveller;
    this.intake = takeIn(ctx, req);
    const { target, requestId } = this.intake;
    this.#observation = ctx.observer.begin({
      method: req.method ?? '',
      path: target.path,
      scheme: 'http',
      authority: target.authority,
      protocolVersion: req.httpVersion,
      clientAddress: connection.clientAddress,
      requestId,
      rawHeaders: req.rawHeaders,
    });
  }

  /** Leads to an `attempt` or a `fail` of the traveller, at once where there is nothing to prepare. */
  depart(): void {
    const { host, port, path } = this.intake.target;
    const { clientAddress } = this.#connection;
    const facts = port === undefined ? { host, path, clientAddress } : { host, port, path, clientAddress };
    const prepared = this.#ctx.prepare?.(facts);
    if (prepared === undefined) this.#decide(facts);
    else {
      prepared.then(
        () => this.#decide(facts),
        cause => this.#traveller.fail('internal', cause),
      );
    }
  }

  #decide(facts: ProxyFacts): void {
    if (this.#isOver) return;
    try {
      this.#outcome = this.#ctx.decide(facts);
    } catch (cause) {
      this.#traveller.fail('internal', cause);
      return;
    }
    if (isRefusal(this.#outcome)) this.#traveller.fail(this.#outcome.code);
    else {
      this.#stamp(this.#outcome.target);
      this.#lead(this.#outcome.target, this.#outcome.path);
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
    const { clientAddress } = this.#connection;
    stampRequest(head, {
      // An HTTP/1.0 client may not have said whom it wants; an HTTP/1.1 server must be told.
      authority: target.authority === '' ? formatHostPort({ host: address, port }) : target.authority,
      scheme: 'http',
      httpVersion: this.#req.httpVersion,
      clientAddress,
      requestId,
      via: this.#ctx.via,
      trusted: this.#ctx.trusts(clientAddress),
    });
    this.#stamped = head.fields.length;
  }

  /** @returns the fields to send; good until the next attempt */
  beginAttempt({ instance, version }: Target): string[] {
    const { id: instanceId, address, port } = instance;
    const { route = '', service = '' } = this.#outcome ?? {};
    this.#ctx.loads.start(instanceId);
    const resend = this.#failures.length;
    const observation = this.#observation.attempt({
      route,
      service,
      version,
      instanceId,
      address,
      port,
      resend,
    });
    this.#current = { instanceId, observation };
    const { fields } = this.intake.head;
    fields.length = this.#stamped;
    for (const field of observation.headers) fields.push(field);
    return fields;
  }

  /** What sums up the failed attempts: one by which a part of the request may have reached an instance, else the last. */
  get failure(): FailedAttempt | undefined {
    return this.#failures.findLast(({ sent }) => sent) ?? this.#failures.at(-1);
  }

  /** Closes the attempt under way, if there is one. */
  endAttempt(outcome: AttemptOutcome): void {
    if (this.#current === undefined) return;
    this.#ctx.loads.end(this.#current.instanceId);
    this.#current.observation.end(outcome);
    this.#current = undefined;
  }

  /** After a try in vain: leads to the next `attempt`, or to `fail` with this one's code. */
  goOn(failure: FailedAttempt, request: Retryable, cause: unknown): void {
    this.#failures.push(failure);
    const candidates =
      this.#outcome === undefined || isRefusal(this.#outcome) ? [] : this.#outcome.candidates;
    const next = nextTarget(request, this.#failures, candidates, this.#ctx.loads, this.#ctx.chance);
    if (next === undefined) this.#traveller.fail(failure.code, cause);
    else this.#lead(next, upstreamPath(this.intake.target.path, next));
  }

  /** The caller is told a code and an id; this is what the id finds. */
  logCause(code: ErrorCode, cause: unknown): void {
    const fields = { err: cause, code, requestId: this.intake.requestId };
    if (code === 'internal') this.#ctx.log.error(fields, 'a request failed');
    else this.#ctx.log.debug(fields, 'a request failed');
  }

  end({ status, sent, received, error, cut, upgraded }: Ending): void {
    this.#isOver = true;
    const decided = this.#outcome;
    const outcome: { -readonly [K in keyof RequestOutcome]: RequestOutcome[K] } = { status, sent, received };
    if (error !== undefined) outcome.error = error;
    if (cut) outcome.cut = true;
    if (upgraded) outcome.upgraded = true;
    if (decided?.route !== undefined) outcome.route = decided.route;
    if (decided?.service !== undefined) outcome.service = decided.service;
    if (decided !== undefined && !isRefusal(decided)) outcome.version = decided.version;
    this.#observation.end(outcome);
  }
}

/** Status in records of a request whose client left before it was answered. */
export const CLIENT_LEFT = 499;
