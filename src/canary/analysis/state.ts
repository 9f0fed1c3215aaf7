import type { Pair } from './sample.ts';
import type { Limits, TestName } from './verdict.ts';

/** All that is known of a canary. Plain JSON, of bounded size: another gateway can go on from it. */
export interface Analysis {
  readonly limits: Limits;
  /** From 1. */
  readonly step: number;
  readonly part: number;
  /** Requests of the canary since the part began. */
  readonly inPart: number;
  /** Since the step began. */
  readonly seen: Pair;
  /** What is not compared yet, since it is too little. */
  readonly pending: Pair;
  /** What each bet of each test has, ln. */
  readonly capitals: Readonly<Record<TestName, readonly number[]>>;
}
