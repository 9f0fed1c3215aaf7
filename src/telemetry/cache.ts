/** What is made once for each key. For keys of which there are few: nothing is forgotten. */
export class Cache<K, V> {
  readonly #create: (key: K) => V;
  readonly #made = new Map<K, V>();

  constructor(create: (key: K) => V) {
    this.#create = create;
  }

  at(key: K): V {
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const made = this.#create(key);
    this.#made.set(key, made);
    return made;
  }
}
