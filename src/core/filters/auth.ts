import type { Auth } from '../model/filter.ts';
import type { Backend } from '../model/rule.ts';
import { isChangeable } from './header-change.ts';
import { compileSide, type Side } from './side.ts';

/** Who judges the requests of a rule, and what is said to it. */
export interface CompiledAuth {
  readonly to: Side;
  readonly path: string;
  readonly asksFor: Auth['asksFor'];
  readonly keepsMethod: boolean;
  /** In lower case; undefined for all. */
  readonly tells: ReadonlySet<string> | undefined;
  /** In lower case; undefined for all. */
  readonly takes: ReadonlySet<string> | undefined;
  readonly timeout: number | undefined;
  readonly failsOpen: boolean;
}

/**
 * @param route the rule's id
 * @param backend whom it asks; without one nobody can be asked
 */
export const compileAuth = (route: string, auth: Auth, backend: Backend | undefined): CompiledAuth => ({
  to: compileSide(route, backend ?? nobody(auth.service), `${route}\nauth`),
  path: auth.path,
  asksFor: auth.asksFor,
  keepsMethod: auth.keepsMethod === true,
  tells: auth.tells && new Set([...auth.tells, 'authorization']),
  takes: auth.takes && new Set(auth.takes),
  timeout: auth.timeout,
  failsOpen: auth.failsOpen === true,
});

const nobody = (service: string): Backend => ({
  service,
  share: 1,
  split: { source: 'instances', shares: [] },
  arms: [],
});

/**
 * Fields in which a client could tell another story about its request than we do, those that make of the question one
 * about a part or a copy that the client has, and those about a body, which does not go along.
 */
const NEVER_TOLD = /^(?:x-forwarded-|x-original-|x-rewrite-|if-|content-)|^(?:range|te)$/;

/**
 * Of the client's fields those that the judge is told. Fields are flat lists: name, value, name, value …
 *
 * @param fields without those of the connection and those that frame the body
 */
export const toldFields = (fields: readonly string[], { tells }: CompiledAuth): string[] =>
  fields.filter((_, i) => {
    const name = canonical(fields[i & ~1] as string);
    return !NEVER_TOLD.test(name) && tells?.has(name) !== false;
  });

/** Fields of the answer that say something about itself. */
const ABOUT_ITSELF = /^content-|^(?:date|set-cookie|www-authenticate)$/;

/**
 * Of the fields of an answer that lets a request pass those that go on with it.
 *
 * @param answer without those of its connection
 */
export const takenFields = (answer: readonly string[], { takes }: CompiledAuth): string[] =>
  answer.filter((_, i) => {
    const given = answer[i & ~1] as string;
    const name = given.toLowerCase();
    return isChangeable(given) && (takes === undefined ? !ABOUT_ITSELF.test(name) : takes.has(name));
  });

/**
 * The fields of a request that passes: those that are the judge's to say are said by nobody else, in whatever spelling.
 *
 * @param taken of its answer
 */
export const passedFields = (
  fields: readonly string[],
  taken: readonly string[],
  { takes }: CompiledAuth,
): string[] => {
  const said = new Set(takes);
  for (let i = 0; i < taken.length; i += 2) said.add((taken[i] as string).toLowerCase());
  return [...fields.filter((_, i) => !said.has(canonical(fields[i & ~1] as string))), ...taken];
};

/** CGI, WSGI and their kin take `_` for `-`, so that a client could say it under another name. */
const canonical = (name: string): string => name.toLowerCase().replaceAll('_', '-');
