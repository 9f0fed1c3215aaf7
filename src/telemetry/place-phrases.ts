import { SpanKind } from '@opentelemetry/api';
import { ATTR_HTTP_REQUEST_METHOD } from '@opentelemetry/semantic-conventions';
import type { Where } from '../core/model/where.ts';
import { Cache } from './cache.ts';
import { named, type Phrase, type Phrasing } from './otlp/phrase.ts';

const ATTR_SLUICE_HOP = 'sluice.hop';
const ATTR_SLUICE_ROUTE = 'sluice.route';
const ATTR_SLUICE_SERVICE = 'sluice.service';
const ATTR_SLUICE_VERSION = 'sluice.version';

/** A copy of a request and the question whether it may pass are sent like attempts, and are none. */
export type AttemptKind = 'attempt' | 'copy' | 'ask';

/** How the spans of requests to one place begin, by their folded method: name, kind, method, and where they went. */
export class PlacePhrases {
  readonly requests: Cache<string, Phrase>;
  /** Of what is sent there. */
  readonly of: Readonly<Record<AttemptKind, Cache<string, Phrase>>>;

  constructor(hop: string, { route, service, version }: Where, phrasing: Phrasing) {
    const begin = (method: string, name: string, kind: SpanKind): Phrase =>
      phrasing(
        {
          [ATTR_HTTP_REQUEST_METHOD]: method,
          [ATTR_SLUICE_HOP]: hop,
          [ATTR_SLUICE_ROUTE]: route || undefined,
          [ATTR_SLUICE_SERVICE]: service || undefined,
          [ATTR_SLUICE_VERSION]: version || undefined,
        },
        named(name, kind),
      );
    const suffix = route && ` ${route}`;
    this.requests = new Cache(method => begin(method, verb(method) + suffix, SpanKind.SERVER));
    // The route is the server's to name.
    this.of = {
      attempt: new Cache(method => begin(method, verb(method), SpanKind.CLIENT)),
      copy: new Cache(method => begin(method, 'mirror', SpanKind.CLIENT)),
      ask: new Cache(method => begin(method, 'auth', SpanKind.CLIENT)),
    };
  }
}

const verb = (method: string): string => (method === '_OTHER' ? 'HTTP' : method);
