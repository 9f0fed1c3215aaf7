import type { TagProblem } from '../dialect.ts';

/** One tag below a name: of `traefik.http.routers.shop.rule=…` the `rule` of `shop`. */
export interface Label {
  readonly tag: string;
  /** The last part of its key as it was written: names of header fields keep their case. */
  readonly last: string;
  readonly value: string;
}

/** What is said of one router, service or middleware, by the rest of the key in lower case. */
export type Section = ReadonlyMap<string, Label>;

export interface Labels {
  /** Absent where the instance does not say. */
  readonly enable?: boolean;
  readonly routers: ReadonlyMap<string, Section>;
  readonly services: ReadonlyMap<string, Section>;
  readonly middlewares: ReadonlyMap<string, Section>;
  readonly problems: readonly TagProblem[];
}

type Kind = 'routers' | 'services' | 'middlewares';

const PREFIX = 'traefik.';

/** Sorts `traefik.…` tags by what they speak of. Keys are the same in any case; of two the last holds. */
export const readLabels = (tags: readonly string[]): Labels => {
  const sections: Record<Kind, Map<string, Map<string, Label>>> = {
    routers: new Map(),
    services: new Map(),
    middlewares: new Map(),
  };
  const problems: TagProblem[] = [];
  let enable: boolean | undefined;
  for (const tag of tags) {
    const at = tag.indexOf('=');
    if (at < 0 || !tag.startsWith(PREFIX)) continue;
    const written = tag.slice(PREFIX.length, at).split('.');
    const [first = '', second = '', name = '', ...rest] = written.map(part => part.trim().toLowerCase());
    const value = tag.slice(at + 1).trim();
    if (first === 'enable') {
      const said = readFlag(value);
      enable = said ?? false;
      if (said === undefined) problems.push({ tag, reason: 'enable is true or false', fatal: false });
    } else if (first === 'tcp' || first === 'udp') {
      problems.push({ tag, reason: 'routers of TCP and UDP are not supported', fatal: false });
    } else if (first === 'consulcatalog') {
      problems.push({ tag, reason: `${second} is not supported and changes nothing`, fatal: false });
    } else if (first === 'http' && isKind(second) && name !== '' && rest.length > 0) {
      const ofKind = sections[second];
      const section = ofKind.get(name) ?? new Map<string, Label>();
      ofKind.set(name, section.set(rest.join('.'), { tag, last: (written.at(-1) ?? '').trim(), value }));
    } else if (first === 'http') {
      problems.push({ tag, reason: 'this is no field of a router, a service or a middleware', fatal: false });
    }
  }
  return { ...sections, problems, ...(enable === undefined ? {} : { enable }) };
};

const isKind = (text: string): text is Kind =>
  text === 'routers' || text === 'services' || text === 'middlewares';

/** As Go's strconv.ParseBool has it. */
export const readFlag = (text: string): boolean | undefined => {
  if (/^(1|t|true)$/i.test(text)) return true;
  return /^(0|f|false)$/i.test(text) ? false : undefined;
};

/** A list as Traefik writes it, by commas. */
export const readList = (text: string): string[] =>
  text
    .split(',')
    .map(item => item.trim())
    .filter(item => item !== '');

/** Of `name@consulcatalog`, our own provider, the name; undefined where it belongs to another. */
export const ownName = (reference: string): string | undefined => {
  const [name = '', provider = 'consulcatalog'] = reference.toLowerCase().split('@');
  return provider === 'consulcatalog' ? name : undefined;
};
