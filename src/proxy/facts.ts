import { readQuery } from '../core/query.ts';
import { fieldOf, fieldsOf } from './fields.ts';
import type { RequestLines } from './intake.ts';
import type { ProxyFacts } from './options.ts';
import type { RequestTarget } from './target.ts';

/** After so many looks at fields all of them are sorted. */
const FEW_LOOKS = 8;

/** What a hop decides by; fields and parameters are looked for only when somebody asks. */
export class Facts implements ProxyFacts {
  readonly host: string;
  readonly path: string;
  readonly port: number | undefined;
  readonly method: string;
  readonly scheme = 'http';
  readonly clientAddress: string;
  readonly #rawHeaders: readonly string[];
  readonly #query: string;
  #looks = 0;
  #fields: ReadonlyMap<string, string> | undefined = undefined;
  #parameters: ReadonlyMap<string, string> | undefined = undefined;

  constructor(
    { host, path, port, query }: RequestTarget,
    clientAddress: string,
    { method, rawHeaders }: Pick<RequestLines, 'method' | 'rawHeaders'>,
  ) {
    this.host = host;
    this.path = path;
    this.port = port;
    this.method = method;
    this.clientAddress = clientAddress;
    this.#rawHeaders = rawHeaders;
    this.#query = query;
  }

  header(name: string): string | undefined {
    if (this.#fields !== undefined) return this.#fields.get(name);
    this.#looks += 1;
    if (this.#looks <= FEW_LOOKS) return fieldOf(this.#rawHeaders, name);
    this.#fields = fieldsOf(this.#rawHeaders);
    return this.#fields.get(name);
  }

  query(name: string): string | undefined {
    this.#parameters ??= readQuery(this.#query);
    return this.#parameters.get(name);
  }
}
