import type { DefinitionOf } from './definitions.ts';
import { ownName, readLabels, type Section } from './labels.ts';

/** A middleware, and by what those are found that it names itself. */
export interface Found {
  readonly section: Section;
  readonly find: FindMiddleware;
}

/** @returns in words, why there is none */
export type FindMiddleware = (reference: string) => Found | string;

/**
 * What the instance defines itself stands before what others define. What others define means what they meant: the names
 * in it are not looked for here.
 */
export const findIn = (
  own: ReadonlyMap<string, Section>,
  definitionOf: DefinitionOf = () => undefined,
): FindMiddleware => {
  const findShared: FindMiddleware = reference => {
    const name = ownName(reference);
    if (name === undefined) return `the middleware ${reference} is of a provider that is not read`;
    const definition = definitionOf(name);
    if (definition === 'disputed') {
      return `services define the middleware ${name} differently: agree on one, or give one of them another name`;
    }
    const section = definition && readLabels(definition).middlewares.get(name);
    if (section === undefined) return `nobody's tags define the middleware ${reference}`;
    return { section, find: findShared };
  };
  const find: FindMiddleware = reference => {
    const section = own.get(ownName(reference) ?? '');
    return section === undefined ? findShared(reference) : { section, find };
  };
  return find;
};
