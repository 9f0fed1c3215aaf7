import type { Filter } from '../model/filter.ts';
import { readAccess } from './access.ts';
import { readCors } from './cors.ts';
import { readExternalAuth } from './external-auth.ts';
import type { Field } from './field.ts';
import { readHeaderChange } from './headers.ts';
import { readMirror } from './mirror.ts';
import { readRedirect, readRewrite } from './path-filters.ts';
import { readRateLimit } from './rate-limit.ts';

/** The filters of a rule or of one backend, in the order of the document. */
export interface ReadFilters {
  readonly filters: readonly Filter[];
  /** One of them is none of Sluice's: nothing may be forwarded without it (HTTPRouteFilter, ExtensionRef). */
  readonly isUnserved: boolean;
  /** Those that replace the prefix that was matched: the rule must have matched one. */
  readonly ofPrefix: readonly Field[];
}

export const NO_FILTERS: ReadFilters = { filters: [], isUnserved: false, ofPrefix: [] };

/** Type -> the one field that goes with it. */
const CONTENTS = {
  RequestHeaderModifier: 'requestHeaderModifier',
  ResponseHeaderModifier: 'responseHeaderModifier',
  RequestMirror: 'requestMirror',
  RequestRedirect: 'requestRedirect',
  URLRewrite: 'urlRewrite',
  CORS: 'cors',
  RateLimit: 'rateLimit',
  Access: 'access',
  ExtensionRef: 'extensionRef',
  ExternalAuth: 'externalAuth',
} as const;

type FilterType = keyof typeof CONTENTS;

const TYPES = Object.keys(CONTENTS) as readonly FilterType[];

/** Undefined: it has no effect. */
const READERS: Readonly<Partial<Record<FilterType, (content: Field) => Filter | undefined>>> = {
  RequestHeaderModifier: content => ({ type: 'request-headers', change: readHeaderChange(content) }),
  ResponseHeaderModifier: content => ({ type: 'response-headers', change: readHeaderChange(content) }),
  RequestMirror: readMirror,
  RequestRedirect: readRedirect,
  URLRewrite: readRewrite,
  CORS: content => ({ type: 'cors', cors: readCors(content) }),
  RateLimit: readRateLimit,
  Access: readAccess,
  ExternalAuth: readExternalAuth,
};

const ONCE = [
  'RequestHeaderModifier',
  'ResponseHeaderModifier',
  'RequestRedirect',
  'URLRewrite',
  'CORS',
  'ExternalAuth',
];

const OF_RULES = ['CORS', 'RateLimit', 'Access'];

/**
 * A list of HTTPRouteFilter, and of RateLimit and Access, which are Sluice's own.
 *
 * @param owner a backend has no CORS, limit, access or authorisation of its own: they are asked before a backend is picked
 */
export const readFilters = (list: Field, owner: 'rule' | 'backend'): ReadFilters => {
  const types = new Set<FilterType>();
  const filters: Filter[] = [];
  const ofPrefix: Field[] = [];
  let isUnserved = false;
  for (const item of list.list(16)) {
    const of = item.object('type', ...Object.values(CONTENTS));
    const type = of.type === undefined ? item.missing('type', TYPES.join(', ')) : of.type.oneOf(...TYPES);
    if (type === undefined) continue;
    if (types.has(type) && ONCE.includes(type)) item.error(`only one ${type} filter may stand here`);
    types.add(type);
    for (const [other, name] of Object.entries(CONTENTS)) {
      if (other !== type) of[name]?.error(`does not go with type ${type}, only with ${other}`);
    }
    const read = READERS[type];
    const content = of[CONTENTS[type]];
    if (read === undefined) {
      isUnserved = true;
      item.report(
        'unserved',
        `Sluice has no ${type} filter, and nothing is forwarded without it: take it out`,
      );
    } else if (type === 'ExternalAuth' && owner === 'backend') {
      isUnserved = true;
      item.report('unserved', 'requests are judged for a whole rule: move it to the filters of the rule');
    } else if (OF_RULES.includes(type) && owner === 'backend') {
      item.error(`a ${type} filter is for a whole rule: move it to the filters of the rule`);
    } else {
      const filter =
        content === undefined ? item.missing(CONTENTS[type], `type ${type} needs it`) : read(content);
      // What is to be checked is not forwarded unchecked.
      if (filter === undefined && type === 'ExternalAuth') isUnserved = true;
      if (filter === undefined) continue;
      filters.push(filter);
      if (filter.type !== 'auth' && 'path' in filter && filter.path?.kind === 'prefix') ofPrefix.push(item);
    }
  }
  if (types.has('RequestRedirect') && types.has('URLRewrite')) {
    list.error('RequestRedirect and URLRewrite exclude each other: what is redirected is not forwarded');
  }
  return { filters, isUnserved, ofPrefix };
};
