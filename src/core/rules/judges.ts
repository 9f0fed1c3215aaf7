import type { Auth } from '../model/filter.ts';
import type { Backend, Rule } from '../model/rule.ts';
import { buildBackend, buildNarrowed, plainTarget } from './backend.ts';
import type { ServiceClaims } from './claims.ts';

export type AddJudges = (
  rules: readonly Rule[],
  services: ReadonlyMap<string, ServiceClaims>,
) => readonly Rule[];

interface Judged {
  readonly by: ServiceClaims | undefined;
  readonly rule: Rule;
}

/**
 * Gives rules with an `auth` filter whom it asks. A rule that is the same object as before, asking a service that has not
 * changed, becomes the same object again.
 */
export const createJudges = (): AddJudges => {
  const known = new WeakMap<Rule, Judged>();
  return (rules, services) =>
    rules.map(rule => {
      const auth = rule.filters?.find(filter => filter.type === 'auth');
      if (auth === undefined) return rule;
      const by = services.get(auth.service);
      const before = known.get(rule);
      if (before !== undefined && before.by === by) return before.rule;
      const judged = { ...rule, auth: backendOf(auth, by) };
      known.set(rule, { by, rule: judged });
      return judged;
    });
};

const backendOf = ({ service, version }: Auth, read: ServiceClaims | undefined): Backend => {
  const input = { service, live: read?.live ?? [], stored: read?.stored, toTarget: plainTarget };
  return {
    ...(version === undefined ? buildBackend(input) : buildNarrowed(version, input)),
    ...(read === undefined ? { isUnknown: true } : {}),
  };
};
