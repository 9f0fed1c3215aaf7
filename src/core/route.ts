import type { Arm, Rule, RuleSettings, Target } from './model.ts';
import { Where } from './where.ts';

/** A rule as requests meet it, in a compiled table. */
export interface Route extends RuleSettings {
  readonly arms: readonly RouteArm[];
  /** Of those that no version serves. */
  readonly where: Where;
}

export interface RouteArm {
  readonly share: number;
  readonly targets: readonly Target[];
  readonly where: Where;
}

export const compileRule = ({ id, service, arms, balance, hash, retries, timeout }: Rule): Route => ({
  arms: arms.map(
    ({ version, share, targets }: Arm): RouteArm => ({
      share,
      targets,
      where: new Where(id, service, version),
    }),
  ),
  where: new Where(id, service, ''),
  ...(balance === undefined ? {} : { balance }),
  ...(hash === undefined ? {} : { hash }),
  ...(retries === undefined ? {} : { retries }),
  ...(timeout === undefined ? {} : { timeout }),
});
