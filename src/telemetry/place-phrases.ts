import { SpanKind } from '@opentelemetry/api';
import { ATTR_HTTP_REQUEST_METHOD } from '@opentelemetry/semantic-conventions';
import type { Where } from '../core/where.ts';
import { named, type Opening, type Phrase, type Phrasing } from './otlp/phrase.ts';

const ATTR_SLUICE_HOP = 'sluice.hop';
const ATTR_SLUICE_ROUTE = 'sluice.route';
const ATTR_SLUICE_SERVICE = 'sluice.service';
const ATTR_SLUICE_VERSION = 'sluice.version';

/** How the spans of requests to one place begin: name, kind, method, and where they went. */
export class PlacePhrases {
  readonly #phrasing: Phrasing;
  readonly #route: string;
  readonly #where: Readonly<Record<string, string | undefined>>;
  readonly #requests = new Map<string, Phrase>();
  readonly #attempts = new Map<string, Phrase>();

  constructor(hop: string, { route, service, version }: Where, phrasing: Phrasing) {
    this.#phrasing = phrasing;
    this.#route = route;
    this.#where = {
      [ATTR_SLUICE_HOP]: hop,
      [ATTR_SLUICE_ROUTE]: route || undefined,
      [ATTR_SLUICE_SERVICE]: service || undefined,
      [ATTR_SLUICE_VERSION]: version || undefined,
    };
  }

  /** @param method folded */
  request(method: string): Phrase {
    const known = this.#requests.get(method);
    if (known !== undefined) return known;
    const name = this.#route === '' ? verb(method) : `${verb(method)} ${this.#route}`;
    return this.#make(this.#requests, method, named(name, SpanKind.SERVER));
  }

  /** The route is the server's to name. @param method folded */
  attempt(method: string): Phrase {
    const known = this.#attempts.get(method);
    return known ?? this.#make(this.#attempts, method, named(verb(method), SpanKind.CLIENT));
  }

  #make(phrases: Map<string, Phrase>, method: string, opening: Opening): Phrase {
    const made = this.#phrasing({ [ATTR_HTTP_REQUEST_METHOD]: method, ...this.#where }, opening);
    phrases.set(method, made);
    return made;
  }
}

const verb = (method: string): string => (method === '_OTHER' ? 'HTTP' : method);
