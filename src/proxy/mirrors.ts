import type { ErrorCode } from '../core/errors.ts';
import type { Target } from '../core/model/rule.ts';
import type { Where } from '../core/model/where.ts';
import type { AttemptObservation, AttemptOutcome } from '../telemetry/observer.ts';
import type { Timed } from './heartbeat.ts';
import type { ResponseHead } from './response-head.ts';
import type { Running } from './running.ts';
import { Tally } from './tally.ts';
import type { CallCarrier, UpstreamCall } from './upstream/call.ts';
import type { UpstreamRequest } from './upstream/request-writer.ts';
import { Upstreams, type UpstreamsOptions } from './upstreams.ts';

/** What became of a copy: its response came, or none; or it was not sent. */
export type MirrorResult = 'answered' | 'failed' | 'timed_out' | 'dropped' | 'too_large' | 'no_instance';

/** Copies under way at once; more are dropped: they must not take what callers need. */
const MOST = 256;
const MOST_PER_INSTANCE = 64;
/** Milliseconds that a copy may take, with its response. */
const LONGEST = 10_000;

/**
 * Copies of requests on their way to other services. Their fate is nobody's: they have connections of their own, their
 * responses are read and dropped, and no instance is judged by them.
 */
export class Mirrors {
  readonly #upstreams: Upstreams;
  readonly #running: Running<Timed>;
  /** Of all that ended. */
  readonly results = new Tally<MirrorResult>();
  #underWay = 0;

  constructor(options: Omit<UpstreamsOptions, 'mostConnections'>, running: Running<Timed>) {
    this.#upstreams = new Upstreams({ ...options, mostConnections: MOST_PER_INSTANCE });
    this.#running = running;
  }

  /** @param observation ended with it, at once where it is dropped */
  send(target: Target, request: UpstreamRequest, where: Where, observation: AttemptObservation): void {
    const end = (result: MirrorResult, status?: number): void => {
      this.results.add(where, result);
      observation.end(outcomeOf(result, status));
    };
    const upstream = this.#underWay < MOST ? this.#upstreams.for(target) : undefined;
    if (upstream === undefined) {
      end('dropped');
      return;
    }
    this.#underWay += 1;
    const copy = new Copy(request, (result, status) => {
      this.#underWay -= 1;
      this.#running.leave(copy);
      end(result, status);
    });
    this.#running.enter(copy);
    copy.start(upstream.send(copy));
  }

  retain(instanceIds: ReadonlySet<string>): void {
    this.#upstreams.retain(instanceIds);
  }

  close(): void {
    this.#upstreams.close();
  }
}

class Copy implements UpstreamCall, Timed {
  place = -1;
  readonly request: UpstreamRequest;
  readonly #onOver: (result: MirrorResult, status: number | undefined) => void;
  #carrier: CallCarrier | undefined;
  #status: number | undefined;
  #age = 0;
  #over = false;

  constructor(request: UpstreamRequest, onOver: (result: MirrorResult, status: number | undefined) => void) {
    this.request = request;
    this.#onOver = onOver;
  }

  start(carrier: CallCarrier): void {
    this.#carrier = carrier;
  }

  tick(elapsed: number): void {
    this.#age += elapsed;
    if (this.#age < LONGEST) return;
    this.#carrier?.close();
    this.#end('timed_out');
  }

  onSending(): void {}

  onInterim(): void {}

  onHead({ status }: ResponseHead): void {
    this.#status = status;
  }

  onBody(): boolean {
    return true;
  }

  onLull(): void {}

  onEnd(): void {
    this.#end('answered');
  }

  onFailure(code: ErrorCode): void {
    this.#end(code === 'upstream_timeout' ? 'timed_out' : 'failed');
  }

  #end(result: MirrorResult): void {
    if (this.#over) return;
    this.#over = true;
    this.#onOver(result, this.#status);
  }
}

const outcomeOf = (result: MirrorResult, status: number | undefined): AttemptOutcome => {
  const outcome = status === undefined ? {} : { status };
  const error = ERROR_OF[result];
  return error === undefined ? outcome : { ...outcome, error };
};

const ERROR_OF: Readonly<Partial<Record<MirrorResult, ErrorCode>>> = {
  failed: 'upstream_reset',
  timed_out: 'upstream_timeout',
  dropped: 'overloaded',
};
