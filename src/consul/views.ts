import { isDeepStrictEqual } from 'node:util';
import type { Catalog, Instance } from '../core/model/instance.ts';
import type { Log } from '../telemetry/log.ts';
import type { HealthEntry } from './answers.ts';
import type { ConsulClient } from './client.ts';
import { ConsulError } from './errors.ts';
import { readInstances } from './instances.ts';
import { isWhole } from './watch.ts';

/** What Consul said of each service when it was last read. */
export interface Views {
  /**
   * Reads one service. The instances of one that did not change stay the same array.
   *
   * @param session an index means nothing in another session than its own, so a new number reads all anew
   * @param hasChanged it is known to have: its index is not asked for first
   * @throws ConsulError
   */
  refresh(name: string, session: number, hasChanged: boolean): Promise<Refreshed>;
  names(): Iterable<string>;
  /** Services that changed last, the newest first: where an instance has come or gone, the next one often does. */
  recent(): Iterable<string>;
  /** Services with an instance on one of these nodes. */
  servicesOn(nodes: ReadonlySet<string>): string[];
  /** The last answer lacked nothing that ACLs hide or that no leader vouched for. */
  isWhole(name: string): boolean;
  /** How many services Consul lists without any instance: a token that may not read nodes sees them so. */
  hidden(): number;
  /** Forgets services that have no instances and are not among these. */
  forgetBut(listed: readonly string[]): void;
  catalog(): Catalog;
}

export interface Refreshed {
  /** Consul's index of the service went backwards, which ends the session. */
  readonly regressed: boolean;
  /** Its instances are others than before. */
  readonly changed: boolean;
}

/** So many services are remembered as changed lately. */
const RECENT = 16;

interface View {
  readonly index: number;
  readonly session: number;
  readonly whole: boolean;
  /** Consul lists it, and shows none of its instances. */
  readonly hidden: boolean;
  readonly instances: readonly Instance[];
  readonly skipped: readonly string[];
}

export interface ViewsOptions {
  readonly client: ConsulClient;
  /** Whether it is in Consul's list of services. */
  readonly isListed: (name: string) => boolean;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export const createViews = ({ client, isListed, log, signal }: ViewsOptions): Views => {
  const views = new Map<string, View>();
  let recent: readonly string[] = [];

  /**
   * Consul takes names that its own API can't be asked for (`..`, `a//b`). Such a service costs itself only: it
   * keeps what is known of it, and everything else is followed.
   */
  const setAside = (name: string, session: number, error: unknown): undefined => {
    if (!isRefusedName(error)) throw error;
    const known = views.get(name);
    const skipped = [`Consul answers ${error.status} for this name; register the service under another`];
    if (!isDeepStrictEqual(skipped, known?.skipped))
      log.warn({ service: name, skipped }, 'a service is left out');
    views.set(name, { ...UNKNOWN, session, instances: known?.instances ?? [], skipped });
  };

  const refresh: Views['refresh'] = async (name, session, hasChanged) => {
    const known = views.get(name);
    const isSameSession = known?.session === session;
    const since = isSameSession && !hasChanged ? known.index : 0;
    const answer = await client
      .healthServiceSince(name, since, { signal })
      .catch((error: unknown) => setAside(name, session, error));
    if (answer === undefined) return { regressed: false, changed: false };
    const { index, data } = answer;
    // Either it was deregistered a moment ago, of which the list will tell, or ACLs hide its nodes.
    const hidden = data?.length === 0 && isListed(name);
    if (hidden) views.set(name, { ...(known ?? UNKNOWN), index: 0, session, hidden });
    else views.set(name, { ...read(name, known, data), index, session, whole: isWhole(answer), hidden });
    const changed = views.get(name)?.instances !== known?.instances;
    if (changed) recent = [name, ...recent.filter(other => other !== name)].slice(0, RECENT);
    return { regressed: isSameSession && index < known.index, changed };
  };

  /** @param entries undefined where nothing has changed */
  const read = (
    name: string,
    known: View | undefined,
    entries: readonly HealthEntry[] | undefined,
  ): Pick<View, 'instances' | 'skipped'> => {
    if (entries === undefined) return known ?? UNKNOWN;
    const { instances, skipped } = readInstances(entries);
    if (skipped.length > 0 && !isDeepStrictEqual(skipped, known?.skipped)) {
      log.warn({ service: name, skipped }, 'instances without address or port are left out');
    }
    return { instances: keepSame(known?.instances ?? [], instances), skipped };
  };

  return {
    refresh,
    names: () => views.keys(),
    recent: () => recent,
    servicesOn: nodes =>
      [...views].filter(([, { instances }]) => instances.some(i => nodes.has(i.node))).map(([name]) => name),
    isWhole: name => views.get(name)?.whole !== false,
    hidden: () => {
      let count = 0;
      for (const view of views.values()) if (view.hidden) count += 1;
      return count;
    },
    forgetBut: listed => {
      const keep = new Set(listed);
      for (const [name, { instances }] of views)
        if (instances.length === 0 && !keep.has(name)) views.delete(name);
    },
    catalog: () => {
      const catalog = new Map<string, readonly Instance[]>();
      for (const [name, { instances }] of views) if (instances.length > 0) catalog.set(name, instances);
      return catalog;
    },
  };
};

/** Instances that did not change stay the same objects, and where none did, so does their list. */
const keepSame = (known: readonly Instance[], read: readonly Instance[]): readonly Instance[] => {
  const byId = new Map(known.map(instance => [instance.id, instance]));
  const kept = read.map(instance => {
    const before = byId.get(instance.id);
    return before !== undefined && isDeepStrictEqual(before, instance) ? before : instance;
  });
  return kept.length === known.length && kept.every((instance, i) => instance === known[i]) ? known : kept;
};

/** A redirect, or the caller's fault: another name would have had an answer. 429 is about none. */
const isRefusedName = (error: unknown): error is ConsulError =>
  error instanceof ConsulError &&
  error.kind === 'http' &&
  error.status !== undefined &&
  error.status < 500 &&
  error.status !== 408 &&
  error.status !== 429;

const UNKNOWN: View = { index: 0, session: 0, whole: false, hidden: false, instances: [], skipped: [] };
