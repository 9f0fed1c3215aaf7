import { limitText } from '../limit/limit-text.ts';
import type { Problem } from '../model/quarantine.ts';
import type { Rule } from '../model/rule.ts';

/** Limits that mean all gateways together, named once for each owner, where no gateway knows of another. */
export const unsharedLimits = (rules: readonly Rule[]): Problem[] => {
  const named = new Map<string, Problem>();
  for (const { origin, filters = [] } of rules) {
    const owner = origin.from === 'tags' ? origin.service : origin.name;
    for (const filter of filters) {
      if (filter.type !== 'rate-limit' || filter.isLocal) continue;
      const subject = `rate-limit=${limitText(filter)}`;
      named.set(`${owner}\n${subject}`, {
        kind: 'unshared',
        owner,
        ...(origin.from === 'tags' ? { service: origin.service } : { place: origin.place }),
        subject,
        reason:
          'without Redis each gateway lets pass the whole of it; give all of them one --redis, or say scope=local if that is meant',
      });
    }
  }
  return [...named.values()];
};
