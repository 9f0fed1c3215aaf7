import type { ErrorCode } from '../errors.ts';
import type { CompiledFilters } from '../filters/compile.ts';
import type { Verdict } from '../limit/verdict.ts';
import type { Where } from '../model/where.ts';

/** Why a request goes nowhere. */
export interface Refusal {
  readonly code: ErrorCode;
  /** What is known of where the request was to go, so that spans and metrics can name it. */
  readonly where?: Where;
  /** Of the rule that was found: what they say of answers holds for those of our own, too. */
  readonly filters?: CompiledFilters | undefined;
  /** What its limits said. */
  readonly limited?: Verdict | undefined;
}
