import { hashOf, hashOn } from './path-hash.ts';

/** Something that a path leads to. */
export interface Lead {
  /** What it asks for besides host and path, where it does. */
  readonly conditions: unknown;
}

/** What paths of one host lead to, each kind by itself; undefined where a path leads nowhere any more. */
export interface PathChanges<T> {
  /** The host's, and of no other: the hashes of its paths begin with it. */
  readonly seed: number;
  readonly exact: ReadonlyMap<string, T | undefined>;
  /** By whole segments. */
  readonly prefix: ReadonlyMap<string, T | undefined>;
  /** By characters; never the root. Where a prefix has the same path, whoever fits both is found at the prefix. */
  readonly text: ReadonlyMap<string, T | undefined>;
}

/** The kinds by which a path leads somewhere, as bits of its mark. */
export const EXACT = 1;
export const PREFIX = 2;
export const TEXT = 4;
/** No path of any kind goes on from here. */
export const LAST = 8;
/** Something that it leads to has conditions. */
const ASKS = 16;
/** How many bits of a mark stand below the number of its path. */
const FLAGS = 5;

/**
 * The paths of all hosts with what they lead to: a hash table with open addressing, at most half full. Never changed once
 * it is made. A mark is the number of a path, with bits that say what of it; 0 is none.
 *
 * With thousands of paths no cache holds them all, so a look-up should touch few places: a hash and the mark of its path
 * lie side by side, the characters of all paths in one block, and what is found is not looked into without need.
 */
export class PathSlots<T extends Lead> {
  /** Of the paths by characters, ascending; ends with one that no path has. */
  readonly textLengths: Int32Array;
  /** The UTF-16 unit in front of which a prefix by segments may end; one that no path has where there is none. */
  readonly segmentEnd: number;
  /** Of the longest path. */
  readonly longest: number;
  readonly #mask: number;
  /** A hash and a mark, in turns. */
  readonly #slots: Int32Array;
  /** The UTF-16 units of all paths. */
  readonly #units: Uint16Array;
  /** Where those of each path begin; and where the last ends. */
  readonly #starts: Int32Array;
  readonly #parts: Parts<T>;
  /** What each path leads to, each kind beside its like: most paths have one. */
  readonly #exact: Leads<T>;
  readonly #prefix: Leads<T>;
  readonly #text: Leads<T>;

  /** @param like has the same paths, with the same marks */
  private constructor(parts: Parts<T>, like?: PathSlots<T>) {
    const { paths, exact, prefix, text } = parts;
    this.#parts = parts;
    this.#exact = exact;
    this.#prefix = prefix;
    this.#text = text;
    this.longest = like === undefined ? longestOf(paths) : like.longest;
    this.segmentEnd = like === undefined ? segmentEndOf(prefix) : like.segmentEnd;
    this.textLengths = like === undefined ? textLengthsOf(parts) : like.textLengths;
    this.#units = like === undefined ? unitsOf(paths) : like.#units;
    this.#starts = like === undefined ? startsOf(paths) : like.#starts;
    this.#slots = like === undefined ? new Int32Array(sizeFor(paths.length)) : like.#slots;
    this.#mask = this.#slots.length - 1;
    if (like === undefined) this.#fill();
  }

  /** @param before the same but for the changes, of which there is at most one of each host */
  static of<T extends Lead>(changes: readonly PathChanges<T>[], before?: PathSlots<T>): PathSlots<T> {
    const parts = copyOf(before === undefined ? NOTHING : before.#parts);
    let like = before;
    for (const change of changes) {
      const { seed, exact, prefix, text } = change;
      for (const path of new Set([...exact.keys(), ...prefix.keys(), ...text.keys()])) {
        const known = before === undefined ? 0 : before.find(hashOf(seed, path), path);
        const number = known === 0 ? add(parts, seed, path) : known >>> FLAGS;
        const flags = flagsOf(parts, number);
        for (const kind of ['exact', 'prefix', 'text'] as const) {
          if (change[kind].has(path)) parts[kind][number] = change[kind].get(path);
        }
        if (flagsOf(parts, number) !== flags) like = undefined;
      }
    }
    return like === undefined ? new PathSlots(leading(parts)) : new PathSlots(parts, like);
  }

  /** The mark of what probably has this hash, and leads somewhere by one of these kinds. */
  likely(hash: number, kinds: number): number {
    for (let slot = this.#first(hash); ; slot = (slot + 2) & this.#mask) {
      const mark = this.#slots[slot + 1] as number;
      if (mark === 0 || (this.#slots[slot] === hash && (mark & kinds) !== 0)) return mark;
    }
  }

  /** The mark of a path. @param hash the path's: those of different hosts differ */
  find(hash: number, path: string): number {
    for (let slot = this.#first(hash); ; slot = (slot + 2) & this.#mask) {
      const mark = this.#slots[slot + 1] as number;
      if (mark === 0 || (this.#slots[slot] === hash && this.#parts.paths[mark >>> FLAGS] === path))
        return mark;
    }
  }

  /** Whether the path of a mark is the first `length` characters of this one. */
  begins(mark: number, path: string, length: number): boolean {
    const start = this.#starts[mark >>> FLAGS] as number;
    if (this.#starts[(mark >>> FLAGS) + 1] !== start + length) return false;
    // Units of their own: the string lies elsewhere, and to call V8 for so few characters costs more.
    for (let i = 0; i < length; i += 1) {
      if (charCodeAt.call(path, i) !== this.#units[start + i]) return false;
    }
    return true;
  }

  /** By the first of these kinds by which it leads somewhere: exact, by segments, by characters. */
  leadOf(mark: number, kinds: number): T | undefined {
    const by = mark & kinds;
    if (by === 0) return undefined;
    const leads = (by & EXACT) !== 0 ? this.#exact : (by & PREFIX) !== 0 ? this.#prefix : this.#text;
    return leads[mark >>> FLAGS];
  }

  /** Whether nothing that it leads to has conditions. */
  takesAll(mark: number): boolean {
    return (mark & ASKS) === 0;
  }

  #fill(): void {
    const { paths, seeds } = this.#parts;
    for (const [number, path] of paths.entries()) {
      const hash = hashOf(seeds[number] as number, path);
      let slot = this.#first(hash);
      while (this.#slots[slot + 1] !== 0) slot = (slot + 2) & this.#mask;
      this.#slots[slot] = hash;
      this.#slots[slot + 1] = (number << FLAGS) | LAST | flagsOf(this.#parts, number);
    }
    for (const [number, path] of paths.entries()) this.#goOn(seeds[number] as number, path);
  }

  /** Those that this path begins with are not the last. */
  #goOn(seed: number, path: string): void {
    let hash = seed;
    for (let i = 0; i < path.length; i += 1) {
      for (let slot = this.#first(hash); this.#slots[slot + 1] !== 0; slot = (slot + 2) & this.#mask) {
        if (this.#slots[slot] === hash) (this.#slots[slot + 1] as number) &= ~LAST;
      }
      hash = hashOn(hash, charCodeAt.call(path, i));
    }
  }

  #first(hash: number): number {
    return ((hash ^ (hash >>> 15)) << 1) & this.#mask;
  }
}

type Leads<T> = (T | undefined)[];

/** Of each path, by its number. */
interface Parts<T> {
  readonly paths: string[];
  readonly seeds: number[];
  readonly exact: Leads<T>;
  readonly prefix: Leads<T>;
  readonly text: Leads<T>;
}

const NOTHING: Parts<never> = { paths: [], seeds: [], exact: [], prefix: [], text: [] };

const copyOf = <T>({ paths, seeds, exact, prefix, text }: Parts<T>): Parts<T> => ({
  paths: paths.slice(),
  seeds: seeds.slice(),
  exact: exact.slice(),
  prefix: prefix.slice(),
  text: text.slice(),
});

/** @returns the number of a path that leads nowhere yet */
const add = (parts: Parts<unknown>, seed: number, path: string): number => {
  parts.seeds.push(seed);
  for (const leads of [parts.exact, parts.prefix, parts.text]) leads.push(undefined);
  return parts.paths.push(path) - 1;
};

const flagsOf = ({ exact, prefix, text }: Parts<Lead>, number: number): number =>
  flagsOfLead(EXACT, exact[number]) | flagsOfLead(PREFIX, prefix[number]) | flagsOfLead(TEXT, text[number]);

const flagsOfLead = (kind: number, lead: Lead | undefined): number =>
  lead === undefined ? 0 : lead.conditions === undefined ? kind : kind | ASKS;

/** Without the paths that lead nowhere any more. */
const leading = <T extends Lead>(parts: Parts<T>): Parts<T> => {
  const leads = (_: unknown, number: number) => flagsOf(parts, number) !== 0;
  return parts.paths.every(leads)
    ? parts
    : {
        paths: parts.paths.filter(leads),
        seeds: parts.seeds.filter(leads),
        exact: parts.exact.filter(leads),
        prefix: parts.prefix.filter(leads),
        text: parts.text.filter(leads),
      };
};

/** Two places a slot, and two slots a path. */
const sizeFor = (paths: number): number => 2 ** Math.ceil(Math.log2(Math.max(2, paths * 4)));

const longestOf = (paths: readonly string[]): number =>
  paths.reduce((longest, { length }) => Math.max(longest, length), 0);

const textLengthsOf = ({ paths, text }: Parts<unknown>): Int32Array => {
  const lengths = new Set(
    paths.filter((_, number) => text[number] !== undefined).map(({ length }) => length),
  );
  return Int32Array.from([...[...lengths].sort((a, b) => a - b), NO_LENGTH]);
};

const NO_LENGTH = -1;

const segmentEndOf = (prefix: readonly unknown[]): number =>
  prefix.some(lead => lead !== undefined) ? SLASH : NO_UNIT;

const SLASH = 0x2f;
const NO_UNIT = -1;

const unitsOf = (paths: readonly string[]): Uint16Array => {
  const all = paths.join('');
  const units = new Uint16Array(all.length);
  for (let i = 0; i < units.length; i += 1) units[i] = all.charCodeAt(i);
  return units;
};

const startsOf = (paths: readonly string[]): Int32Array => {
  const starts = new Int32Array(paths.length + 1);
  paths.forEach(({ length }, number) => {
    starts[number + 1] = (starts[number] as number) + length;
  });
  return starts;
};

/** Called by itself: as a method of strings of many makes V8 would look it up anew each time. */
const { charCodeAt } = String.prototype;
