import { hash32, mix32 } from '../hash.ts';
import { type EjectionReason, Health } from './health.ts';
import { Latency } from './latency.ts';
import type { Peers } from './peers.ts';
import { isWorseThanOthers, SuccessWindow } from './success-window.ts';

/** A newcomer gets at least this part of its share, or it would never be measured. */
const SLOW_START_FLOOR = 0.1;

/** Load and health of one instance, as this process sees them. Outlives snapshots. Times are monotonic milliseconds. */
export class InstanceState {
  readonly id: string;
  readonly peers: Peers;
  readonly latency = new Latency();
  readonly health: Health;
  /** Requests under way, streams and upgraded connections included. */
  pending = 0;
  /** Credit of smooth round robin. */
  turn = 0;
  /** When an attempt last began. */
  usedAt: number;
  /** The catalog has it no more: what its last requests tell is of use to nobody. */
  isForgotten = false;
  readonly #window = new SuccessWindow();
  readonly #seed: number;
  #warmAt = 0;

  constructor(id: string, peers: Peers, now: number) {
    this.id = id;
    this.peers = peers;
    this.health = new Health(peers.settings.health);
    this.usedAt = now;
    this.#seed = hash32(id);
  }

  /** From now on its share grows to the whole. */
  startSlowly(now: number): void {
    this.#warmAt = now + this.peers.settings.slowStart;
    this.peers.warmAt = Math.max(this.peers.warmAt, this.#warmAt);
  }

  /** The part of its share that it gets, in (0, 1]. */
  warmth(now: number): number {
    if (now >= this.#warmAt) return 1;
    return Math.max(SLOW_START_FLOOR, 1 - (this.#warmAt - now) / this.peers.settings.slowStart);
  }

  /** Of weighted rendezvous hashing (Schindelhauer and Schomaker, 2005): the highest of all has the key. */
  score(key: number, weight: number): number {
    return -weight / Math.log((mix32(this.#seed ^ key) + 0.5) / 2 ** 32);
  }

  /** The head of a good answer is there: enough to come back by. */
  answered(startedAt: number, now: number): void {
    this.latency.observe(now - startedAt, now);
    if (this.isForgotten || !this.health.isOut || !this.health.counts(startedAt)) return;
    this.health.return(now);
    this.peers.countOut(-1);
    this.startSlowly(now);
    const { service, version, onEjection } = this.peers;
    onEjection({ instance: this.id, service: service.name, version });
  }

  /** An attempt brought nothing good. Of a burst that failed at once, those that are told of after the ejection say no more. */
  disappointed(startedAt: number, now: number): void {
    if (this.health.counts(startedAt)) this.latency.penalise(now - startedAt, now);
  }

  /** Nobody waited for the answer any longer. */
  abandoned(startedAt: number, now: number): void {
    if (this.health.counts(startedAt)) this.latency.observeAtLeast(now - startedAt, now);
  }

  /** It asked for no requests for so long. */
  rest(ms: number, now: number): void {
    this.health.rest(ms, now);
    this.peers.rest(this.health.restUntil);
  }

  /** An attempt went well to its end. */
  succeeded(startedAt: number, now: number): void {
    if (this.health.isOut || !this.health.counts(startedAt)) return;
    this.health.succeeded();
    this.#window.add(true, now);
    this.peers.window.add(true, now);
  }

  /** An attempt failed, and it was the instance's fault. */
  failed(startedAt: number, now: number): void {
    if (this.isForgotten || !this.health.counts(startedAt)) return;
    const reason = this.#reasonToEject(now);
    // Nobody could stand in for one that is alone.
    if (reason !== undefined && this.peers.size > 1) this.#eject(reason, now);
  }

  #reasonToEject(now: number): EjectionReason | undefined {
    if (this.health.isOut) return 'failed_trial';
    const { settings, window } = this.peers;
    this.#window.add(false, now);
    window.add(false, now);
    if (this.health.failed() >= settings.health.failures) return 'consecutive_failures';
    if (settings.health.failures === Number.POSITIVE_INFINITY) return undefined;
    return isWorseThanOthers(this.#window, window, now) ? 'success_rate' : undefined;
  }

  #eject(reason: EjectionReason, now: number): void {
    const { peers, health } = this;
    if (!health.isOut) peers.countOut(1);
    const milliseconds = health.eject(now);
    this.#window.clear();
    // Once its time is up it counts as never measured, so that its trial is soon.
    this.latency.forget();
    const { service, version, onEjection } = peers;
    service.ejections[reason] += 1;
    onEjection({ instance: this.id, service: service.name, version, reason, milliseconds });
  }
}
