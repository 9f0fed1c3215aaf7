import type { Instance } from '../core/model/instance.ts';
import type { Rule } from '../core/model/rule.ts';
import type { Snapshot } from '../core/model/snapshot.ts';

/** So many lists of instances take well under a millisecond. */
const LISTS_A_STEP = 100;

/**
 * The ids of all instances that are listed, and of whatever else rules use, other ports of theirs for one: in steps, as those of thousands of
 * services take a while. What comes between the steps is among them, too.
 *
 * @param latest the snapshot in force at each step
 */
export function* listedIds(latest: () => Snapshot): Generator<void, ReadonlySet<string>> {
  const ids = new Set<string>();
  const known = new Set<Rule | readonly Instance[]>();
  let seen: Snapshot | undefined;
  for (let next = latest(); next !== seen; next = latest()) {
    seen = next;
    let left = LISTS_A_STEP;
    for (const list of listsOf(next)) {
      if (known.has(list)) continue;
      known.add(list);
      for (const { id } of 'id' in list ? targetsOf(list) : list) ids.add(id);
      left -= 1;
      if (left > 0) continue;
      left = LISTS_A_STEP;
      yield;
    }
  }
  return ids;
}

function* listsOf({ services, rules }: Snapshot): Generator<Rule | readonly Instance[], undefined> {
  for (const { instances } of services.values()) yield instances;
  yield* rules;
}

function* targetsOf({ backends, auth }: Rule): Generator<Instance, undefined> {
  for (const { arms } of auth === undefined ? backends : [...backends, auth])
    for (const { targets } of arms) for (const { instance } of targets) yield instance;
}
