import type { Filter, HeaderChange, PathChange } from '../../model/filter.ts';
import type { RuleSettings } from '../../model/traffic.ts';

/** What the middlewares of one router come to, one after the other. */
export interface Chain {
  readonly access: Filter[];
  readonly limits: Filter[];
  readonly cors: Filter[];
  readonly request: FieldChanges;
  readonly response: FieldChanges;
  redirect?: Extract<Filter, { type: 'redirect' }>;
  path?: PathChange;
  host?: string;
  settings: RuleSettings;
}

/** By name in lower case: a field as it is to be sent, or undefined where it is to be removed. */
export type FieldChanges = Map<string, readonly [name: string, value: string] | undefined>;

export const newChain = (): Chain => ({
  access: [],
  limits: [],
  cors: [],
  request: new Map(),
  response: new Map(),
  settings: {},
});

export const filtersOf = ({ access, limits, cors, redirect, request, response, path }: Chain): Filter[] => [
  ...access,
  ...limits,
  ...(redirect === undefined ? [] : [redirect]),
  ...cors,
  ...headerFilter('request-headers', request),
  ...headerFilter('response-headers', response),
  ...(path === undefined ? [] : [{ type: 'rewrite' as const, path }]),
];

const headerFilter = (type: 'request-headers' | 'response-headers', changes: FieldChanges): Filter[] =>
  changes.size === 0 ? [] : [{ type, change: changeOf(changes) }];

const changeOf = (changes: FieldChanges): HeaderChange => ({
  set: [...changes.values()].filter(field => field !== undefined),
  add: [],
  remove: [...changes].filter(([, field]) => field === undefined).map(([name]) => name),
});
