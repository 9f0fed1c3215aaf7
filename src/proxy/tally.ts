import type { Where } from '../core/model/where.ts';

export interface Counted<R extends string> {
  readonly service: string;
  /** Empty where there was no instance. */
  readonly version: string;
  readonly result: R;
  count: number;
}

/** Whether a version is still served. */
export type IsLive = (service: string, version: string) => boolean;

/** How often something came to which result at which version, so far. */
export class Tally<R extends string> implements Iterable<Counted<R>> {
  readonly #counts = new Map<string, Counted<R>>();

  add({ service, version }: Where, result: R): void {
    const key = `${service}\n${version}\n${result}`;
    const known = this.#counts.get(key);
    if (known === undefined) this.#counts.set(key, { service, version, result, count: 1 });
    else known.count += 1;
  }

  /** Forgets what came of versions that are gone. Where there was none, nothing is. */
  retain(isLive: IsLive): void {
    for (const [key, { service, version }] of this.#counts) {
      if (version !== '' && !isLive(service, version)) this.#counts.delete(key);
    }
  }

  [Symbol.iterator](): Iterator<Counted<R>> {
    return this.#counts.values();
  }
}
