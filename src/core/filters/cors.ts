import type { Cors } from '../model/filter.ts';
import type { RequestFacts } from '../request-facts.ts';
import type { HeaderEdit } from './header-change.ts';
import { compileOrigins } from './origins.ts';

/** Cross-origin requests of one rule (Gateway API, HTTPCORSFilter; fetch.spec.whatwg.org, 3.3). */
export interface CompiledCors {
  /** The fields of the answer to a preflight request. A browser takes one without any of them as a no. */
  preflight(asked: Preflight): readonly string[];
  /**
   * What changes of the response to any other request: whatever the upstream says about origins goes, since the rule has
   * the last word.
   *
   * @param origin undefined where the request names none
   */
  edit(origin: string | undefined): HeaderEdit;
}

export interface Preflight {
  readonly origin: string;
  /** Of the request that is to follow. */
  readonly method: string;
  /** Names of its fields, joined by commas. */
  readonly headers: string | undefined;
}

/** What a request says that asks for leave before another. @returns undefined for any other request */
export const preflightOf = (request: Pick<RequestFacts, 'method' | 'header'>): Preflight | undefined => {
  if (request.method !== 'OPTIONS') return undefined;
  const origin = request.header('origin');
  const method = request.header('access-control-request-method');
  if (origin === undefined || method === undefined) return undefined;
  return { origin, method, headers: request.header('access-control-request-headers') };
};

export const compileCors = ({
  origins,
  methods,
  headers,
  exposed,
  credentials,
  maxAge,
}: Cors): CompiledCors => {
  const allows = compileOrigins(origins);
  const isSameForAll = origins.includes('*') && !credentials;
  const vary = isSameForAll ? [] : ['Vary', 'Origin'];

  // With credentials, browsers take `*` for a name (fetch.spec.whatwg.org, 3.3.3): what is asked for is named instead.
  const list = (names: readonly string[], asked: string | undefined): string | undefined => {
    if (names.includes('*')) return credentials ? asked : '*';
    return names.length === 0 ? undefined : names.join(', ');
  };
  const exposedNames = list(exposed, exposed.filter(name => name !== '*').join(', ') || undefined);

  const allowed = (origin: string): string[] => [
    ...field('Allow-Origin', isSameForAll ? '*' : origin),
    ...field('Allow-Credentials', credentials ? 'true' : undefined),
    ...field('Expose-Headers', exposedNames),
  ];

  return {
    preflight: asked => {
      if (!allows(asked.origin)) return vary;
      return [
        ...allowed(asked.origin),
        ...field('Allow-Methods', list(methods, asked.method)),
        ...field('Allow-Headers', list(headers, asked.headers)),
        ...field('Max-Age', String(maxAge)),
        ...vary,
      ];
    },
    edit: origin => ({
      drops: UPSTREAMS_OWN,
      adds: origin !== undefined && allows(origin) ? [...allowed(origin), ...vary] : vary,
    }),
  };
};

const field = (name: string, value: string | undefined): string[] =>
  value === undefined ? [] : [`Access-Control-${name}`, value];

const UPSTREAMS_OWN: ReadonlySet<string> = new Set(
  [
    'allow-origin',
    'allow-credentials',
    'allow-methods',
    'allow-headers',
    'allow-private-network',
    'expose-headers',
    'max-age',
  ].map(name => `access-control-${name}`),
);
