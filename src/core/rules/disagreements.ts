import type { Problem } from '../model/quarantine.ts';
import type { Rule, Target } from '../model/rule.ts';
import { formatHostPort } from '../values.ts';
import type { Carrier } from './carrier.ts';
import { byVersion, newestFirst, type Tagged } from './tagged.ts';

/** One match of a service with its rule. */
export interface Carried {
  readonly rule: Rule;
  /** The live instances that carry the match. */
  readonly carriers: readonly Carrier[];
}

/**
 * What live instances of one service say differently, as they may while a deploy rolls. What is in force then is settled
 * (core/rule, core/backend); it is named here so that nobody takes it for what all of them say.
 */
export const disagreementsOf = (
  service: string,
  live: readonly Tagged[],
  carried: readonly Carried[],
): Problem[] => {
  const told = new Map<string, string>();
  for (const [version, instances] of byVersion(live)) {
    const weights = valuesOf(instances, ({ tags }) => tags.weight);
    if (weights.length > 1) told.set(`weight of ${version}`, newestCounts(weights));
  }
  for (const { rule, carriers } of carried) {
    for (const name of settingsIn(carriers)) {
      const values = valuesOf(carriers, ({ tags }) => settingText(tags.settings, name));
      if (values.length > 1) told.set(name, newestCounts(values));
    }
    const filters = valuesOf(carriers, ({ asks }) => JSON.stringify(asks.filters ?? []));
    if (filters.length > 1) told.set(`filters of ${rule.id}`, NEWEST_COUNTS);
    for (const version of unevenVersions(rule)) told.set(`path sent to ${version}`, EACH_ITS_OWN);
  }
  return [...told].map(([subject, reason]) => ({
    kind: 'disagreement',
    owner: service,
    service,
    subject,
    reason,
  }));
};

/** What the newest says comes first. */
const valuesOf = <T extends Tagged>(
  instances: readonly T[],
  read: (tagged: T) => string | number | undefined,
): (string | number)[] => {
  const values = [...instances].sort(newestFirst).map(read);
  return [...new Set(values.filter(value => value !== undefined))];
};

const settingsIn = (carriers: readonly Tagged[]): Set<string> =>
  new Set(carriers.flatMap(({ tags }) => Object.keys(tags.settings)));

const settingText = (settings: object, name: string): string | undefined =>
  JSON.stringify(new Map<string, unknown>(Object.entries(settings)).get(name));

const newestCounts = ([newest, ...others]: readonly (string | number)[]): string =>
  `the newest instance says ${newest}, which counts; others say ${others.join(', ')}: give all of them the same tag`;

const NEWEST_COUNTS =
  'what the newest instance asks for counts; others ask for something else: give all the same tags';

/** Versions whose instances are sent the same request under different paths or hosts. */
const unevenVersions = ({ backends }: Rule): string[] =>
  backends.flatMap(({ arms }) =>
    arms.filter(({ targets }) => new Set(targets.map(sentAs)).size > 1).map(({ version }) => version),
  );

const sentAs = ({ instance, path, host }: Target): string =>
  // Its own address is what each of them was asked to be sent.
  JSON.stringify([path, host === formatHostPort({ ...instance, host: instance.address }) ? 'own' : host]);

const EACH_ITS_OWN =
  'its instances ask for different ones (strip=, rewrite=), and each gets its own: give all of them the same tags';
