import { Pool } from 'undici';
import type { Instance } from '../core/model.ts';
import { formatHostPort } from '../core/values.ts';
import type { Limits, Timeouts } from './options.ts';

/** An idle connection is dropped before a server with Node's default of 5 s can drop it under a request. */
const KEEP_ALIVE = 4_000;

/** Pools without a request for one to two of these are closed. */
const SWEEP_EVERY = 60_000;

const RESPONSE_HEADER_BYTES = 64 * 1024;

/** The connections to one instance. */
export class Upstream {
  readonly pool: Pool;
  /** Requests under way, each on a connection of its own. */
  active = 0;
  /** Since the last sweep. */
  used = true;
  #connectedNow = false;

  constructor({ address, port }: Instance, timeouts: Timeouts) {
    this.pool = new Pool(`http://${formatHostPort({ host: address, port })}`, {
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE,
      maxHeaderSize: RESPONSE_HEADER_BYTES,
      headersTimeout: timeouts.responseHead,
      bodyTimeout: timeouts.responseStall,
      connect: { timeout: timeouts.connect },
    });
    this.pool.on('connect', () => {
      this.#connectedNow = true;
    });
  }

  /** Asked when a request starts on a connection: undici starts one in the same turn in which it connected. */
  takeReused(): boolean {
    const reused = !this.#connectedNow;
    this.#connectedNow = false;
    return reused;
  }
}

/** Pools by the identity of instances, made when first needed. */
export class Upstreams {
  readonly #limit: number;
  readonly #timeouts: Timeouts;
  readonly #all = new Map<string, Upstream>();
  readonly #sweep: NodeJS.Timeout;

  constructor(limits: Limits, timeouts: Timeouts) {
    this.#limit = limits.connectionsPerInstance;
    this.#timeouts = timeouts;
    this.#sweep = setInterval(() => this.#closeIdle(), SWEEP_EVERY).unref();
  }

  /** @returns undefined where the instance has as many connections as it may */
  for(instance: Instance): Upstream | undefined {
    let upstream = this.#all.get(instance.id);
    if (upstream === undefined) {
      upstream = new Upstream(instance, this.#timeouts);
      this.#all.set(instance.id, upstream);
    }
    upstream.used = true;
    return upstream.active < this.#limit ? upstream : undefined;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Lets go of instances that are no more, as soon as their requests are done. */
  retain(instanceIds: ReadonlySet<string>): void {
    for (const id of this.#all.keys()) if (!instanceIds.has(id)) this.#release(id);
  }

  /** Cuts whatever still runs. */
  async close(): Promise<void> {
    clearInterval(this.#sweep);
    const pools = [...this.#all.values()].map(({ pool }) => pool.destroy());
    this.#all.clear();
    await Promise.all(pools);
  }

  #closeIdle(): void {
    for (const [id, upstream] of this.#all) {
      if (!upstream.used && upstream.active === 0) this.#release(id);
      upstream.used = false;
    }
  }

  #release(id: string): void {
    const upstream = this.#all.get(id);
    this.#all.delete(id);
    upstream?.pool.close(() => {});
  }
}
