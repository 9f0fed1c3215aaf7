import { hashOf, hashOn } from './path-hash.ts';
import { EXACT, LAST, type Lead, type PathChanges, PathSlots, PREFIX, TEXT } from './path-slots.ts';

/**
 * Finds what fits a path of a host: an exact one, else the longest prefix, be it by whole segments or by characters. One
 * for all hosts, which hashes tell apart.
 *
 * One pass over the path gives the hash of each of its prefixes; a hash that is known is looked at more closely. Nothing
 * is cut out of the path. Work is linear in the path's length.
 */
export class PathIndex<T extends Lead> {
  readonly #slots: PathSlots<T>;

  /** @param before what it says of all other paths holds here as well */
  constructor(changes: readonly PathChanges<T>[], before?: PathIndex<T>) {
    this.#slots = PathSlots.of(changes, before === undefined ? undefined : before.#slots);
  }

  /**
   * What fits best, as a mark: where that leads, `leadOf` says. 0 where nothing fits.
   *
   * @param seed the host's
   * @param path normalised, without query
   */
  find(seed: number, path: string): number {
    const slots = this.#slots;
    const { length } = path;
    const { segmentEnd } = slots;
    const end = Math.min(length, slots.longest + 1);
    // By its hash alone. Only the longest is compared with the path: there may be one for each of its characters.
    let best = 0;
    let bestLength = 0;
    let bestKinds = 0;
    let hash = seed;
    let texts = 0;
    let textLength = slots.textLengths[0];
    let i = 0;
    for (; i < end; i += 1) {
      const code = charCodeAt.call(path, i);
      let kinds = code === segmentEnd && i > 1 ? PREFIX : 0;
      if (i === textLength) {
        kinds |= TEXT;
        textLength = slots.textLengths[++texts];
      }
      if (kinds !== 0) {
        const mark = slots.likely(hash, kinds);
        if (mark !== 0) {
          best = mark;
          bestLength = i;
          bestKinds = kinds;
          if ((mark & LAST) !== 0) break;
        }
      }
      hash = hashOn(hash, code);
    }
    if (i === length) {
      const mark = slots.likely(hash, WHOLE);
      if (mark !== 0) {
        best = mark;
        bestLength = length;
        bestKinds = WHOLE;
      }
    }
    if (best === 0) return this.#rootOf(seed);
    return slots.begins(best, path, bestLength) ? only(best, bestKinds) : this.#closely(seed, path);
  }

  /** Whether nothing that a mark leads to has conditions. */
  takesAll(mark: number): boolean {
    return this.#slots.takesAll(mark);
  }

  /** What a mark leads to. */
  leadOf(mark: number): T | undefined {
    return this.#slots.leadOf(mark, WHOLE);
  }

  /** What has exactly this path. */
  exactAt(seed: number, path: string): T | undefined {
    return this.#slots.leadOf(this.#markOf(seed, path), EXACT);
  }

  prefixAt(seed: number, path: string): T | undefined {
    return this.#slots.leadOf(this.#markOf(seed, path), PREFIX);
  }

  textAt(seed: number, path: string): T | undefined {
    return this.#slots.leadOf(this.#markOf(seed, path), TEXT);
  }

  /** All prefixes that fit, the longest first: for the rare request that the longest has no use for. */
  prefixesOf(seed: number, path: string): T[] {
    return this.#marksOf(seed, path).map(mark => this.leadOf(mark) as T);
  }

  /** Of the prefixes that fit, the longest first. */
  #marksOf(seed: number, path: string): number[] {
    const slots = this.#slots;
    const { length } = path;
    const root = this.#rootOf(seed);
    const found = root === 0 ? [] : [root];
    let hash = seed;
    let texts = 0;
    for (let i = 0; i <= length && i <= slots.longest; i += 1) {
      const code = i === length ? SLASH : charCodeAt.call(path, i);
      let kinds = code === SLASH && i > 1 ? PREFIX : 0;
      if (i === slots.textLengths[texts]) {
        kinds |= TEXT;
        texts += 1;
      }
      if (kinds !== 0 && slots.likely(hash, kinds) !== 0) {
        // Cut out: V8 compares whole strings by many characters at a time.
        const mark = only(slots.find(hash, path.slice(0, i)), kinds);
        if (mark !== 0) found.push(mark);
      }
      hash = hashOn(hash, code);
    }
    return found.reverse();
  }

  /** Where two paths have the same hash. */
  #closely(seed: number, path: string): number {
    return only(this.#markOf(seed, path), EXACT) || (this.#marksOf(seed, path)[0] ?? 0);
  }

  #markOf(seed: number, path: string): number {
    return this.#slots.find(hashOf(seed, path), path);
  }

  /** It fits every path, and needs no looking for. */
  #rootOf(seed: number): number {
    return only(this.#markOf(seed, '/'), PREFIX);
  }
}

const WHOLE = EXACT | PREFIX | TEXT;

/** A mark by these kinds; 0 where it has none of them. */
const only = (mark: number, kinds: number): number => ((mark & kinds) === 0 ? 0 : mark & (kinds | ~WHOLE));

const SLASH = 0x2f;

/** Called by itself: as a method of strings of many makes V8 would look it up anew each time. */
const { charCodeAt } = String.prototype;
