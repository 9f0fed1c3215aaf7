import type { BalanceName, HashKey, Rule } from './model.ts';
import type { AtPath } from './path-index.ts';
import { type RouteArm, RouteBackend } from './route-backend.ts';
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
  readonly backends: readonly RouteBackend[];
  /** Of those that no backend is chosen for. */
  readonly where: Where;

  constructor({ id, match, backends, balance, hash, retries, timeout }: Rule) {
    this.path = match.path;
    this.backends = backends.map(backend => new RouteBackend(id, backend));
    const [first, second] = this.backends;
    this.only = first !== undefined && second === undefined && first.share > 0 ? first.only : undefined;
    this.balance = balance;
    this.retries = retries;
    this.timeout = timeout;
    this.hash = hash;
    this.where = new Where(id, '', '');
  }
}
