import type { PathChange } from '../../model/filter.ts';
import { readText } from '../spelling.ts';
import type { Chain } from './chain.ts';
import { type Label, readList } from './labels.ts';

/** Changes a chain by one option of a middleware, or says what is wrong. */
export type Apply = (chain: Chain, label: Label) => string | undefined;

export const stripPrefix: Apply = (chain, { value }) => {
  const strip = readList(value).map(prefix => readText(prefix));
  if (strip.length === 0 || !strip.every(prefix => prefix !== undefined)) return 'prefixes are paths';
  if (chain.path !== undefined)
    return 'only one stripprefix, and before addprefix and replacepath, is supported';
  chain.path = { kind: 'text', value: '', strip };
  const [only, second] = strip;
  // Of several it is not known beforehand which one it will be.
  if (only !== undefined && second === undefined) {
    chain.request.set('x-forwarded-prefix', ['X-Forwarded-Prefix', only]);
  }
  return undefined;
};

export const addPrefix: Apply = (chain, { value }) => {
  const prefix = readText(value);
  if (prefix === undefined) return 'a prefix is a path';
  const { path = NOTHING_YET } = chain;
  chain.path = { ...path, value: prefix.replace(/\/$/, '') + path.value };
  return undefined;
};

export const replacePath: Apply = (chain, { value }) => {
  const path = readText(value);
  if (path === undefined) return 'a path begins with "/"';
  chain.path = { kind: 'full', value: path };
  return undefined;
};

const NOTHING_YET: PathChange = { kind: 'text', value: '' };
