import { exponential } from './random.ts';

/** How often an instance stops, and for how long, seconds: to collect garbage, or since its machine is busy. */
export interface Stops {
  readonly every: number;
  readonly lasts: number;
}

/** Requests that were held up, by how long: seconds. */
export type Held = number[];

/** The stops of all instances of one version, which come at random; each holds up what its instance has then. */
export class Pauses {
  readonly #stops: Stops;
  readonly #instances: number;
  readonly #chance: () => number;
  #next: number;
  /** When the stops that are on now end. */
  #ends: number[] = [];

  constructor(stops: Stops, instances: number, chance: () => number) {
    this.#stops = stops;
    this.#instances = instances;
    this.#chance = chance;
    this.#next = exponential(stops.every / instances, chance);
  }

  /** Of so many requests, evenly from one moment to another and to all instances. */
  holdUp(requests: number, from: number, to: number): Held {
    for (; this.#next < to; this.#next += exponential(this.#stops.every / this.#instances, this.#chance))
      this.#ends.push(this.#next + this.#stops.lasts);
    const perSecond = requests / (to - from) / this.#instances;
    const held: Held = [];
    for (const end of this.#ends) {
      const begin = Math.max(from, end - this.#stops.lasts);
      const length = Math.min(to, end) - begin;
      for (let i = Math.floor(length * perSecond + this.#chance()); i > 0; i--)
        held.push(end - begin - length * this.#chance());
    }
    this.#ends = this.#ends.filter(end => end > to);
    return held;
  }
}
