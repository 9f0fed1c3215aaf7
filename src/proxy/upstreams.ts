import type { Target } from '../core/model/rule.ts';
import { isHttp2, isSameSpeech, type Speech } from '../core/model/speech.ts';
import type { Log } from '../telemetry/log.ts';
import type { Timeouts } from './options.ts';
import type { Outbox } from './outbox.ts';
import { Dialer } from './upstream/dialer.ts';
import { SessionPool } from './upstream/h2/pool.ts';
import { ConnectionPool } from './upstream/pool.ts';
import type { UpstreamTls } from './upstream/tls.ts';
import type { Upstream } from './upstream/upstream.ts';

const SWEEP_EVERY = 1_000;

export interface UpstreamsOptions {
  /** To one instance. */
  readonly mostConnections: number;
  readonly timeouts: Timeouts;
  readonly outbox: Outbox;
  readonly tls: UpstreamTls;
  readonly log: Log;
}

interface Kept {
  readonly instanceId: string;
  readonly speech: Speech | undefined;
  readonly dialer: Dialer;
  readonly upstream: Upstream;
}

/** The ways to all instances, made when first needed. */
export class Upstreams {
  readonly #options: UpstreamsOptions;
  /** By the identity of the instance; with its speech behind it where rules speak to one instance in several ways. */
  readonly #all = new Map<string, Kept>();
  readonly #sweep: NodeJS.Timeout;

  constructor(options: UpstreamsOptions) {
    this.#options = options;
    this.#sweep = setInterval(() => this.#closeStale(), SWEEP_EVERY).unref();
  }

  /** @returns undefined where the instance has as many requests as it may have at once */
  for(target: Target): Upstream | undefined {
    const { upstream } = this.#of(target);
    return upstream.hasRoom ? upstream : undefined;
  }

  /** For a connection that is no part of any pool. */
  dialer(target: Target): Dialer {
    return this.#of(target).dialer;
  }

  #of(target: Target): Kept {
    const { instance, speech } = target;
    let kept = this.#all.get(instance.id);
    if (kept === undefined) kept = this.#open(instance.id, target);
    else if (!isSameSpeech(kept.speech, speech)) {
      const key = `${instance.id} ${speech?.protocol} ${speech?.serverName}`;
      kept = this.#all.get(key) ?? this.#open(key, target);
    }
    return kept;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Lets go of instances that are no more, as soon as their requests are done. */
  retain(instanceIds: ReadonlySet<string>): void {
    for (const [key, { instanceId, upstream }] of this.#all) {
      if (instanceIds.has(instanceId)) continue;
      this.#all.delete(key);
      upstream.release();
    }
  }

  /** Cuts whatever still runs. */
  close(): void {
    clearInterval(this.#sweep);
    for (const { upstream } of this.#all.values()) upstream.closeAll();
    this.#all.clear();
  }

  #open(key: string, { instance, speech }: Target): Kept {
    const { mostConnections, timeouts, outbox, tls, log } = this.#options;
    const dialer = new Dialer(instance, speech, tls, log);
    const upstream = isHttp2(speech)
      ? new SessionPool(dialer, mostConnections, timeouts)
      : new ConnectionPool(dialer, mostConnections, timeouts, outbox);
    const kept = { instanceId: instance.id, speech, dialer, upstream };
    this.#all.set(key, kept);
    return kept;
  }

  #closeStale(): void {
    const now = performance.now();
    for (const [key, { upstream }] of this.#all) {
      upstream.closeStale(now);
      if (upstream.size === 0) this.#all.delete(key);
    }
  }
}
