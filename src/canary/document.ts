import { ConfigError, settingKey } from '../core/settings/settings.ts';
import { PLAN_SETTINGS, type Plan, readPlan } from './plan.ts';

/** What a document may say besides the settings of a plan. */
const OTHER_KEYS = ['service', 'reason', 'actor'] as const;

export interface PlanDocument {
  readonly values: ReadonlyMap<string, string>;
  readonly service?: string;
  readonly reason?: string;
  readonly actor?: string;
}

/**
 * Reads a plan that was written down: a YAML file, or the body of a request. Its keys are those of the flags.
 *
 * @param place for problems
 * @throws ConfigError
 */
export const readDocument = (document: unknown, place: string): PlanDocument => {
  const values = new Map<string, string>();
  const problems: string[] = [];
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new ConfigError([`${place}: expected "key: value" lines, e.g. to: v2`]);
  }
  const known = [...Object.keys(PLAN_SETTINGS).map(settingKey), ...OTHER_KEYS];
  for (const [key, value] of Object.entries(document)) {
    const parts: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (!known.includes(key)) problems.push(`${place}: unknown key "${key}"; known are ${known.join(', ')}`);
    else if (parts.every(isScalar)) values.set(key, parts.join(','));
    else problems.push(`${place}: ${key}: expected one value`);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  const others = OTHER_KEYS.flatMap(key => (values.has(key) ? [[key, values.get(key)] as const] : []));
  return { values, ...Object.fromEntries(others) };
};

/** @param said what flags say besides, by the name of the setting; they outrank it @throws ConfigError */
export const planOf = (
  { values }: Pick<PlanDocument, 'values'>,
  place: string,
  said: Readonly<Record<string, unknown>> = {},
): Plan =>
  readPlan({ said, nameOf: name => `--${settingKey(name)}`, env: {}, file: { path: place, values } });

const isScalar = (value: unknown): boolean => ['string', 'number'].includes(typeof value);
