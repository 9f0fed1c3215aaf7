import type { Target } from '../model/rule.ts';
import { Candidates } from './candidates.ts';
import { DEFAULT_FLEET_SETTINGS, type FleetSettings } from './fleet-settings.ts';
import { InstanceState } from './instance-state.ts';
import { Alarm, type OnEjection, Peers, ServiceTraffic } from './peers.ts';

/** So many states are kept before those that were not used for so long are looked for. */
const MANY = 1_024;
const IDLE = 10 * 60_000;

/**
 * Load and health of every instance that this process sends requests to, by identity. Lives outside snapshots, so
 * that a swap resets nobody's figures. Times are monotonic milliseconds.
 */
export class Fleet {
  readonly settings: FleetSettings;
  readonly #onEjection: OnEjection;
  readonly #states = new Map<string, InstanceState>();
  readonly #peers = new Map<string, Peers>();
  readonly #services = new Map<string, ServiceTraffic>();
  readonly #alarm = new Alarm();
  #candidates = new WeakMap<readonly Target[], Candidates>();
  #sweepAt = MANY;

  /** @param onEjection called once for each ejection and each return; must not throw */
  constructor(settings: FleetSettings = DEFAULT_FLEET_SETTINGS, onEjection: OnEjection = () => {}) {
    this.settings = settings;
    this.#onEjection = onEjection;
  }

  /** The state of an instance, new where it isn't known yet. */
  of(target: Target, now: number): InstanceState {
    const { id } = target.instance;
    const known = this.#states.get(id);
    if (known !== undefined && known.peers.version === target.version) return known;
    if (known !== undefined) this.#forget(known);
    if (this.#states.size >= this.#sweepAt) this.#sweep(now);
    const peers = this.#peersOf(target.instance.service, target.version);
    const state = new InstanceState(id, peers, now);
    peers.size += 1;
    this.#states.set(id, state);
    return state;
  }

  /** @param targets of one version; the same list gives the same candidates */
  candidates(targets: readonly Target[], now: number): Candidates {
    const known = this.#candidates.get(targets);
    if (known !== undefined) return known;
    const newcomers = targets.filter(({ instance }) => !this.#states.has(instance.id));
    const candidates = new Candidates(
      targets,
      targets.map(target => this.of(target, now)),
    );
    // Where all are new, it is this process that has just started: there is nobody to take their share meanwhile.
    if (newcomers.length < targets.length) {
      for (const newcomer of newcomers) this.of(newcomer, now).startSlowly(now);
    }
    this.#candidates.set(targets, candidates);
    return candidates;
  }

  /** Whether none of them is to be given a request as long as others can stand in. */
  areAllOut(targets: readonly Target[], now: number): boolean {
    if (!this.#alarm.isRaised(now)) return false;
    return targets.every(({ instance }) => this.#states.get(instance.id)?.health.isIn(now) === false);
  }

  states(): IterableIterator<InstanceState> {
    return this.#states.values();
  }

  services(): IterableIterator<ServiceTraffic> {
    return this.#services.values();
  }

  /** Ejected instances by id, and when their trial may begin. */
  ejected(): Map<string, number> {
    const ejected = new Map<string, number>();
    for (const { id, health } of this.#states.values()) if (health.isOut) ejected.set(id, health.outUntil);
    return ejected;
  }

  pending(instanceId: string): number {
    return this.#states.get(instanceId)?.pending ?? 0;
  }

  /** Forgets instances that are no more. */
  retain(instanceIds: ReadonlySet<string>): void {
    this.#forgetAll(({ id }) => !instanceIds.has(id));
  }

  #sweep(now: number): void {
    this.#forgetAll(({ pending, usedAt }) => pending === 0 && now - usedAt > IDLE);
    this.#sweepAt = Math.max(MANY, this.#states.size * 2);
  }

  #forgetAll(isGone: (state: InstanceState) => boolean): void {
    const before = this.#states.size;
    for (const state of this.#states.values()) if (isGone(state)) this.#forget(state);
    // Candidates hold states: those that were forgotten must not live on in them.
    if (this.#states.size < before) this.#candidates = new WeakMap();
  }

  #forget(state: InstanceState): void {
    const { peers } = state;
    state.isForgotten = true;
    this.#states.delete(state.id);
    peers.size -= 1;
    if (state.health.isOut) peers.countOut(-1);
    if (peers.size > 0) return;
    this.#peers.delete(keyOf(peers.service.name, peers.version));
    const isLast = [...this.#peers.values()].every(({ service }) => service !== peers.service);
    if (isLast) this.#services.delete(peers.service.name);
  }

  #peersOf(service: string, version: string): Peers {
    const key = keyOf(service, version);
    const known = this.#peers.get(key);
    if (known !== undefined) return known;
    const traffic = this.#services.get(service) ?? new ServiceTraffic(service, this.settings);
    this.#services.set(service, traffic);
    const peers = new Peers(traffic, version, this.settings, this.#alarm, this.#onEjection);
    this.#peers.set(key, peers);
    return peers;
  }
}

const keyOf = (service: string, version: string): string => `${service}\n${version}`;
