import { firstValue } from './fields.ts';
import type { ProxyFacts } from './options.ts';
import type { RequestTarget } from './target.ts';

/** What a hop decides by; a header is looked for only when somebody asks. */
export class Facts implements ProxyFacts {
  readonly host: string;
  readonly path: string;
  readonly port: number | undefined;
  readonly clientAddress: string;
  readonly #rawHeaders: readonly string[];

  constructor({ host, path, port }: RequestTarget, clientAddress: string, rawHeaders: readonly string[]) {
    this.host = host;
    this.path = path;
    this.port = port;
    this.clientAddress = clientAddress;
    this.#rawHeaders = rawHeaders;
  }

  header(name: string): string | undefined {
    return firstValue(this.#rawHeaders, name);
  }
}
