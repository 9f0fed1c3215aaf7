/** What was made for each key. Where there are too many, all is forgotten: a cache that is too small is soon full again. */
export class Cache<K, V> {
  readonly #most: number;
  readonly #made = new Map<K, V>();

  constructor(most: number) {
    this.#most = most;
  }

  get(key: K): V | undefined {
    return this.#made.get(key);
  }

  keep(key: K, value: V): V {
    if (this.#made.size >= this.#most) this.#made.clear();
    this.#made.set(key, value);
    return value;
  }
}
