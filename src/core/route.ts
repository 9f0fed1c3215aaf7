import type { BalanceName, HashKey, Rule, Target } from './model.ts';
import type { AtPath } from './path-index.ts';
import { Where } from './where.ts';

/**
 * A rule as requests meet it, in a compiled table. With thousands of rules no cache holds them: what most requests need
 * lies together.
 */
export class Route implements AtPath {
  readonly path: string;
  /** The arm of all requests, where there is just one to choose. */
  readonly only: RouteArm | undefined;
  readonly balance: BalanceName | undefined;
  readonly retries: number | undefined;
  readonly timeout: number | undefined;
  readonly hash: HashKey | undefined;
  readonly arms: readonly RouteArm[];
  /** Of those that no version serves. */
  readonly where: Where;

  constructor({ id, service, match, arms, balance, hash, retries, timeout }: Rule) {
    this.path = match.path;
    this.arms = arms.map(
      ({ version, share, targets }) => new RouteArm(share, targets, new Where(id, service, version)),
    );
    const [first, second] = this.arms;
    this.only = first !== undefined && second === undefined && first.share > 0 ? first : undefined;
    this.balance = balance;
    this.retries = retries;
    this.timeout = timeout;
    this.hash = hash;
    this.where = new Where(id, service, '');
  }
}

export class RouteArm {
  readonly where: Where;
  /** Where there is no other. */
  readonly only: Target | undefined;
  readonly targets: readonly Target[];
  readonly share: number;

  constructor(share: number, targets: readonly Target[], where: Where) {
    this.where = where;
    this.only = targets.length === 1 ? targets[0] : undefined;
    this.targets = targets;
    this.share = share;
  }
}
