import type { CompiledFilters } from '../filters/compile.ts';
import type { Backend, Target } from '../model/rule.ts';
import type { SplitSource } from '../model/split.ts';
import { Where } from '../model/where.ts';
import type { Shared } from '../split/draw.ts';
import type { Sequence } from '../split/sequence.ts';
import { type Part, seedOf } from '../split/sticky.ts';

/** A backend as requests meet it, in a compiled table. */
export class RouteBackend implements Part, Shared {
  readonly share: number;
  readonly seed: number;
  /** The arm of all its requests, where there is just one to choose. */
  readonly only: RouteArm | undefined;
  readonly arms: readonly RouteArm[];
  readonly isUnknown: boolean;
  readonly source: SplitSource;
  /** Of its requests that no version serves. */
  readonly where: Where;
  sequence: Sequence | undefined = undefined;
  readonly #place: number;

  /**
   * @param route the rule's id
   * @param place among the backends of the rule
   * @param filters for what is sent there
   */
  constructor(
    route: string,
    place: number,
    { service, version = '', share, isUnknown, split, arms }: Backend,
    filters?: CompiledFilters,
  ) {
    this.share = share;
    this.seed = seedOf(service, version);
    this.arms = arms.map(
      arm => new RouteArm(arm.share, arm.targets, new Where(route, service, arm.version), filters),
    );
    const [first, second] = this.arms;
    this.only = first !== undefined && second === undefined && first.share > 0 ? first : undefined;
    this.isUnknown = isUnknown === true;
    this.source = split.source;
    this.where = new Where(route, service, '');
    this.#place = place;
  }

  get sequenceKey(): string {
    return `${this.where.route}\n${this.#place}`;
  }

  armOf(version: string): RouteArm | undefined {
    return this.arms.find(({ where }) => where.version === version);
  }
}

export class RouteArm implements Part {
  readonly where: Where;
  /** Where there is no other. */
  readonly only: Target | undefined;
  readonly targets: readonly Target[];
  readonly share: number;
  readonly seed: number;
  /** Those of the rule, and of its backend. */
  readonly filters: CompiledFilters | undefined;

  constructor(share: number, targets: readonly Target[], where: Where, filters: CompiledFilters | undefined) {
    this.where = where;
    this.only = targets.length === 1 ? targets[0] : undefined;
    this.targets = targets;
    this.share = share;
    this.seed = seedOf(where.service, where.version);
    this.filters = filters;
  }
}
