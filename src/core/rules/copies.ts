import type { Backend, Rule } from '../model/rule.ts';

/** A version that gets copies of a share (in (0, 1]) of its service's requests, and answers nobody. */
export interface Copied {
  readonly version: string;
  readonly share: number;
}

/** By service. */
export type Copies = ReadonlyMap<string, Copied>;

export type AddCopies = (rules: readonly Rule[], copies: Copies) => readonly Rule[];

/**
 * Gives the rules of these services a `mirror` filter more. A rule that is the same object as before, with the same
 * copies, becomes the same object again.
 */
export const createCopier = (): AddCopies => {
  let known = new WeakMap<Rule, Rule>();
  let last: Copies | undefined;
  return (rules, copies) => {
    if (copies.size === 0) return rules;
    if (copies !== last) known = new WeakMap();
    last = copies;
    return rules.map(rule => {
      const copied = known.get(rule) ?? withCopies(rule, copies);
      known.set(rule, copied);
      return copied;
    });
  };
};

const withCopies = (rule: Rule, copies: Copies): Rule =>
  rule.backends.some(({ service }) => copies.has(service))
    ? { ...rule, backends: rule.backends.map(backend => mirrored(backend, copies.get(backend.service))) }
    : rule;

/** Where the rule has no live instance of the version there is nobody to copy to. */
const mirrored = (backend: Backend, copied: Copied | undefined): Backend => {
  const arm = backend.arms.find(({ version }) => version === copied?.version);
  if (copied === undefined || arm === undefined) return backend;
  const { service, split } = backend;
  const to: Backend = { service, ...copied, split, arms: [{ ...arm, share: 1 }] };
  return {
    ...backend,
    filters: [...(backend.filters ?? []), { type: 'mirror', service, ...copied }],
    mirrors: [...(backend.mirrors ?? []), to],
  };
};
