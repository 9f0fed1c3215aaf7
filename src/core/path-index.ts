/** Something that a path, exact or by prefix, leads to. */
export interface AtPath {
  /** Begins with `/`; no trailing slash unless it is the root. */
  readonly path: string;
}

/** What paths lead to, each kind by itself; undefined where a path leads nowhere any more. */
export interface PathChanges<T extends AtPath> {
  readonly exact: ReadonlyMap<string, T | undefined>;
  /** By whole segments. */
  readonly prefix: ReadonlyMap<string, T | undefined>;
  /** By characters; never the root. Where a prefix has the same path, whoever fits both is found at the prefix. */
  readonly text: ReadonlyMap<string, T | undefined>;
}

/**
 * Finds what fits a path: an exact one, else the longest prefix, be it by whole segments or by characters.
 *
 * One pass over the path gives the hash of each of its prefixes; a hash that is known is looked at more closely. With
 * thousands of entries no cache holds them all, so a look-up should touch few places: the hashes lie side by side, and
 * nothing is cut out of the path. Work is linear in the path's length.
 */
export class PathIndex<T extends AtPath> {
  readonly #exact: Slots<T>;
  readonly #prefixes: Slots<T>;
  readonly #texts: Slots<T>;
  readonly #root: T | undefined;
  /** Of all: what a path has behind that is not looked at. */
  readonly #longest: number;
  /** Of the texts, ascending; ends with one that no path has. */
  readonly #textLengths: Int32Array;

  /** @param before what it says of all other paths holds here as well */
  constructor({ exact, prefix, text }: PathChanges<T>, before?: PathIndex<T>) {
    const none: Slots<T> = EMPTY;
    this.#exact = (before === undefined ? none : before.#exact).with(exact);
    this.#prefixes = (before === undefined ? none : before.#prefixes).with(withoutRoot(prefix));
    this.#texts = (before === undefined ? none : before.#texts).with(text);
    this.#root = before === undefined || prefix.has('/') ? prefix.get('/') : before.#root;
    this.#longest = longestOf([exact, prefix, text], before === undefined ? 0 : before.#longest);
    this.#textLengths = text.size === 0 && before !== undefined ? before.#textLengths : this.#texts.lengths();
  }

  /** @param path normalised, without query */
  find(path: string): T | undefined {
    const { length } = path;
    const end = Math.min(length, this.#longest + 1);
    // By its hash alone. Only the longest is compared with the path: there may be one for each of its characters.
    let best: T | undefined;
    let hash = SEED;
    let texts = 0;
    let textLength = this.#textLengths[0];
    for (let i = 0; i < end; i += 1) {
      if (i === textLength) {
        best = this.#texts.likely(hash, i) ?? best;
        textLength = this.#textLengths[++texts];
      }
      const code = charCodeAt.call(path, i);
      if (code === SLASH && i > 0) best = this.#prefixes.likely(hash, i) ?? best;
      hash = Math.imul(hash ^ code, PRIME);
    }
    if (end === length) {
      const exact = this.#exact.find(hash, path, length);
      if (exact !== undefined) return exact;
      if (length === textLength) best = this.#texts.likely(hash, length) ?? best;
      best = this.#prefixes.likely(hash, length) ?? best;
    }
    if (best === undefined) return this.#root;
    return startsWith.call(path, best.path) ? best : this.prefixesOf(path)[0];
  }

  /** What has exactly this path. */
  exactAt(path: string): T | undefined {
    return this.#exact.at(path);
  }

  prefixAt(path: string): T | undefined {
    return path === '/' ? this.#root : this.#prefixes.at(path);
  }

  textAt(path: string): T | undefined {
    return this.#texts.at(path);
  }

  /** All prefixes that fit, the longest first: for the rare request that the longest has no use for. */
  prefixesOf(path: string): T[] {
    const { length } = path;
    const found: T[] = this.#root === undefined ? [] : [this.#root];
    let hash = SEED;
    let texts = 0;
    for (let i = 0; i <= length && i <= this.#longest; i += 1) {
      const code = i === length ? SLASH : charCodeAt.call(path, i);
      const isTextLength = i === this.#textLengths[texts];
      if (isTextLength) texts += 1;
      const fitting =
        (code === SLASH && i > 0 ? this.#prefixes.find(hash, path, i) : undefined) ??
        (isTextLength ? this.#texts.find(hash, path, i) : undefined);
      if (fitting !== undefined) found.push(fitting);
      hash = Math.imul(hash ^ code, PRIME);
    }
    return found.reverse();
  }
}

/** It fits every path, and needs no looking for. */
const withoutRoot = <T>(prefixes: ReadonlyMap<string, T>): ReadonlyMap<string, T> =>
  prefixes.has('/') ? new Map([...prefixes].filter(([path]) => path !== '/')) : prefixes;

/** At least that of the longest: one that is gone may still count. */
const longestOf = (changes: readonly ReadonlyMap<string, unknown>[], before: number): number => {
  let longest = before;
  for (const paths of changes) for (const path of paths.keys()) longest = Math.max(longest, path.length);
  return longest;
};

/** A hash table with open addressing, at most half full. Never changed once it is made. */
class Slots<T extends AtPath> {
  readonly #mask: number;
  /** Beside each other, apart from what they lead to. 0 where a slot is free. */
  readonly #hashes: Int32Array;
  readonly #values: (T | undefined)[];

  private constructor(hashes: Int32Array, values: (T | undefined)[]) {
    this.#mask = hashes.length - 1;
    this.#hashes = hashes;
    this.#values = values;
  }

  static of<T extends AtPath>(values: readonly T[]): Slots<T> {
    const size = 2 ** Math.ceil(Math.log2(Math.max(2, values.length * 2)));
    const slots = new Slots<T>(new Int32Array(size), new Array<T | undefined>(size).fill(undefined));
    for (const value of values) slots.#put(value);
    return slots;
  }

  /** The same but for these paths. */
  with(changes: ReadonlyMap<string, T | undefined>): Slots<T> {
    if (changes.size === 0) return this;
    const changed = [...changes.values()].filter(value => value !== undefined);
    const hasAll =
      changed.length === changes.size && changed.every(({ path }) => this.at(path) !== undefined);
    if (!hasAll) return Slots.of([...this.#all().filter(({ path }) => !changes.has(path)), ...changed]);
    const slots = new Slots<T>(this.#hashes, this.#values.slice());
    for (const value of changed) slots.#put(value);
    return slots;
  }

  at(path: string): T | undefined {
    return this.find(hashOf(path), path, path.length);
  }

  /** Ascending, each once; ends with one that no path has. */
  lengths(): Int32Array {
    const lengths = new Set(this.#all().map(({ path }) => path.length));
    return Int32Array.from([...[...lengths].sort((a, b) => a - b), NO_LENGTH]);
  }

  /** What probably has the `length` characters that have this hash. */
  likely(hash: number, length: number): T | undefined {
    const wanted = used(hash);
    for (let slot = this.#first(hash); ; slot = (slot + 1) & this.#mask) {
      const found = this.#hashes[slot];
      if (found === 0) return undefined;
      if (found !== wanted) continue;
      const value = this.#values[slot] as T;
      if (value.path.length === length) return value;
    }
  }

  /** What has the first `length` characters of that path. @param hash of those */
  find(hash: number, path: string, length: number): T | undefined {
    const wanted = used(hash);
    for (let slot = this.#first(hash); ; slot = (slot + 1) & this.#mask) {
      const found = this.#hashes[slot];
      if (found === 0) return undefined;
      if (found !== wanted) continue;
      const value = this.#values[slot] as T;
      // Cut out: V8 compares whole strings by many characters at a time.
      if (value.path.length === length && value.path === path.slice(0, length)) return value;
    }
  }

  #all(): T[] {
    return this.#values.filter(value => value !== undefined);
  }

  /** In place of what has this path, or in a free slot. */
  #put(value: T): void {
    const hash = hashOf(value.path);
    let slot = this.#first(hash);
    while (this.#hashes[slot] !== 0 && this.#values[slot]?.path !== value.path)
      slot = (slot + 1) & this.#mask;
    this.#hashes[slot] = used(hash);
    this.#values[slot] = value;
  }

  #first(hash: number): number {
    return (hash ^ (hash >>> 15)) & this.#mask;
  }
}

/** Nearly every host has none of one sort: they share one, which no cache forgets. */
const EMPTY = Slots.of<never>([]);

/** FNV-1a over UTF-16 units (Fowler, Noll, Vo; draft-eastlake-fnv), so that a prefix's hash leads to that of the whole. */
const hashOf = (path: string): number => {
  let hash = SEED;
  for (let i = 0; i < path.length; i += 1) hash = Math.imul(hash ^ charCodeAt.call(path, i), PRIME);
  return hash;
};

const SEED = 0x811c9dc5 | 0;
const PRIME = 0x01000193;
const NO_LENGTH = -1;
const SLASH = 0x2f;

/** 0 says that a slot is free. */
const used = (hash: number): number => (hash === 0 ? 1 : hash);

/** Called by themselves: as methods of strings of many makes V8 would look them up anew each time. */
const { charCodeAt, startsWith } = String.prototype;
