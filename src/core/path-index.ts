/** Something that a path, exact or by prefix, leads to. */
export interface AtPath {
  /** Begins with `/`; no trailing slash unless it is the root. */
  readonly path: string;
}

/** What a path may lead to, each kind with its own paths. */
export interface Paths<T extends AtPath> {
  readonly exact: readonly T[];
  /** By whole segments. */
  readonly prefixes: readonly T[];
  /** By characters; never the root. Where a prefix has the same path, whoever fits both is found at the prefix. */
  readonly texts: readonly T[];
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
  readonly #root: T | undefined;
  /** Of all: what a path has behind that is not looked at. */
  readonly #longest: number;
  readonly #texts: Slots<T>;
  /** Of the texts, ascending; ends with one that no path has. */
  readonly #textLengths: Int32Array;

  /** Of several with one path the first is kept. */
  constructor({ exact, prefixes, texts }: Paths<T>) {
    this.#exact = slotsOf(exact);
    this.#prefixes = slotsOf(prefixes.filter(({ path }) => path !== '/'));
    this.#root = prefixes.find(({ path }) => path === '/');
    this.#longest = [...exact, ...prefixes, ...texts].reduce(
      (most, { path }) => Math.max(most, path.length),
      0,
    );
    this.#texts = slotsOf(texts);
    const lengths = new Set(texts.map(({ path }) => path.length));
    this.#textLengths = Int32Array.from([...[...lengths].sort((a, b) => a - b), NO_LENGTH]);
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
    return this.#exact.find(hashOf(path), path, path.length);
  }

  prefixAt(path: string): T | undefined {
    return path === '/' ? this.#root : this.#prefixes.find(hashOf(path), path, path.length);
  }

  textAt(path: string): T | undefined {
    return this.#texts.find(hashOf(path), path, path.length);
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

/** A hash table with open addressing, at most half full. */
class Slots<T extends AtPath> {
  readonly #mask: number;
  /** Beside each other, apart from what they lead to. 0 where a slot is free. */
  readonly #hashes: Int32Array;
  readonly #values: (T | undefined)[];

  constructor(values: readonly T[]) {
    const size = 2 ** Math.ceil(Math.log2(Math.max(2, values.length * 2)));
    this.#mask = size - 1;
    this.#hashes = new Int32Array(size);
    this.#values = new Array<T | undefined>(size).fill(undefined);
    for (const value of values) {
      const { path } = value;
      const hash = hashOf(path);
      if (this.find(hash, path, path.length) !== undefined) continue;
      let slot = this.#first(hash);
      while (this.#hashes[slot] !== 0) slot = (slot + 1) & this.#mask;
      this.#hashes[slot] = used(hash);
      this.#values[slot] = value;
    }
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

  #first(hash: number): number {
    return (hash ^ (hash >>> 15)) & this.#mask;
  }
}

/** Nearly every host has none of one sort: they share one, which no cache forgets. */
const slotsOf = <T extends AtPath>(values: readonly T[]): Slots<T> =>
  values.length === 0 ? (EMPTY as Slots<T>) : new Slots(values);

const EMPTY = new Slots<never>([]);

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
