import type { CompiledAuth } from '../filters/auth.ts';
import type { CompiledFilters } from '../filters/compile.ts';
import type { Verdict } from '../limit/verdict.ts';
import type { Where } from '../model/where.ts';
import type { RequestFacts } from '../request-facts.ts';

/** Somebody has to be asked before the request goes on. */
export interface Gated<T> {
  readonly where: Where;
  readonly auth: CompiledAuth;
  readonly filters: CompiledFilters;
  /** What the limits of its rule say of it. */
  readonly limited: Verdict | undefined;
  /** The path that the rule goes by, where the request's own has a pinned version in front. */
  readonly rulePath: string | undefined;
  /**
   * Where it goes once it may pass, by the table that it was looked up in. Called once at most.
   *
   * @param facts as they are then: whoever lets it pass may have given it fields
   * @param now monotonic milliseconds
   */
  decide(facts: RequestFacts, now: number): T;
}
