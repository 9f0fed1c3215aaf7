import type { Where } from '../core/model/where.ts';

export interface Counted<R extends string> {
  readonly service: string;
  /** Empty where there was no instance. */
  readonly version: string;
  readonly result: R;
  count: number;
}

/** How often something came to which result at which version, so far. */
export class Tally<R extends string> implements Iterable<Counted<R>> {
  readonly #counts = new Map<string, Counted<R>>();

  add({ service, version }: Where, result: R): void {
    const key = `${service}\n${version}\n${result}`;
    const known = this.#counts.get(key);
    if (known === undefined) this.#counts.set(key, { service, version, result, count: 1 });
    else known.count += 1;
  }

  [Symbol.iterator](): Iterator<Counted<R>> {
    return this.#counts.values();
  }
}
