/** An exchange that waits for its client. */
export interface Slow {
  /** Ends it, for lack of room. */
  giveWay(): void;
}

/**
 * The exchanges whose clients are slow (patience.ts). They may be: only where a place is needed that they take, the
 * one that has been slow for the longest gives way. Without that a few thousand clients which read nothing would
 * take all that an instance has, as Slowloris and its relatives do.
 */
export class SlowClients {
  /** By the identity of the instance whose place they take, in the order in which they became slow. */
  readonly #byInstance = new Map<string, Set<Slow>>();
  readonly #instances = new Map<Slow, string>();

  /** @param instanceId '' where it takes none's place */
  add(one: Slow, instanceId: string): void {
    const before = this.#instances.get(one);
    if (before === instanceId) return;
    if (before !== undefined) this.delete(one);
    const others = this.#byInstance.get(instanceId);
    if (others === undefined) this.#byInstance.set(instanceId, new Set([one]));
    else others.add(one);
    this.#instances.set(one, instanceId);
  }

  delete(one: Slow): void {
    const instanceId = this.#instances.get(one);
    if (instanceId === undefined) return;
    this.#instances.delete(one);
    const others = this.#byInstance.get(instanceId);
    others?.delete(one);
    if (others?.size === 0) this.#byInstance.delete(instanceId);
  }

  /**
   * @param instanceId whose place is needed; undefined where any will do
   * @returns whether there is one now
   */
  makeRoom(instanceId?: string): boolean {
    const [one] = this.#among(instanceId) ?? [];
    if (one === undefined) return false;
    this.delete(one);
    one.giveWay();
    return true;
  }

  #among(instanceId: string | undefined): Iterable<Slow> | undefined {
    return instanceId === undefined ? this.#instances.keys() : this.#byInstance.get(instanceId);
  }
}
