import { isDeepStrictEqual } from 'node:util';
import type { Catalog, Instance } from '../core/model.ts';
import type { Log } from '../telemetry/log.ts';
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
   * @returns whether Consul's index of the service went backwards, which ends the session
   * @throws ConsulError
   */
  refresh(name: string, session: number): Promise<{ readonly regressed: boolean }>;
  names(): Iterable<string>;
  /** Services with an instance on one of these nodes. */
  servicesOn(nodes: ReadonlySet<string>): string[];
  /** The last answer lacked nothing that ACLs hide or that no leader vouched for. */
  isWhole(name: string): boolean;
  /** Forgets services that have no instances and are not among these. */
  forgetBut(listed: readonly string[]): void;
  catalog(): Catalog;
}

interface View {
  readonly index: number;
  readonly session: number;
  readonly whole: boolean;
  readonly instances: readonly Instance[];
  readonly skipped: readonly string[];
}

export const createViews = (client: ConsulClient, log: Log, signal: AbortSignal): Views => {
  const views = new Map<string, View>();

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
    views.set(name, { index: 0, session, whole: false, instances: known?.instances ?? [], skipped });
  };

  const refresh: Views['refresh'] = async (name, session) => {
    const known = views.get(name);
    const isSameSession = known?.session === session;
    const answer = await client
      .healthServiceSince(name, isSameSession ? known.index : 0, { signal })
      .catch((error: unknown) => setAside(name, session, error));
    if (answer === undefined) return { regressed: false };
    const regressed = isSameSession && answer.index < known.index;
    const { instances, skipped } =
      answer.data === undefined ? (known ?? NOTHING) : readInstances(answer.data);
    if (skipped.length > 0 && !isDeepStrictEqual(skipped, known?.skipped)) {
      log.warn({ service: name, skipped }, 'instances without address or port are left out');
    }
    const isSame = known !== undefined && isDeepStrictEqual(known.instances, instances);
    views.set(name, {
      index: answer.index,
      session,
      whole: isWhole(answer),
      instances: isSame ? known.instances : instances,
      skipped,
    });
    return { regressed };
  };

  return {
    refresh,
    names: () => views.keys(),
    servicesOn: nodes =>
      [...views].filter(([, { instances }]) => instances.some(i => nodes.has(i.node))).map(([name]) => name),
    isWhole: name => views.get(name)?.whole !== false,
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

/** A redirect, or the caller's fault: another name would have had an answer. 429 is about none. */
const isRefusedName = (error: unknown): error is ConsulError =>
  error instanceof ConsulError &&
  error.kind === 'http' &&
  error.status !== undefined &&
  error.status < 500 &&
  error.status !== 408 &&
  error.status !== 429;

const NOTHING = { instances: [], skipped: [] } as const;
