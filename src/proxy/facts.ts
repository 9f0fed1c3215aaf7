import { readQuery } from '../core/route/query.ts';
import type { Connection } from './connection.ts';
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
  readonly clientAddress: string;
  /** With its `?`. */
  readonly search: string;
  readonly #rawHeaders: readonly string[];
  readonly #connection: Connection;
  readonly #trusts: (peerAddress: string) => boolean;
  #looks = 0;
  #fields: ReadonlyMap<string, string> | undefined = undefined;
  #parameters: ReadonlyMap<string, string> | undefined = undefined;

  /** @param trusts whether what a peer says of the entrance in front of it holds */
  constructor(
    { host, path, port, query }: RequestTarget,
    { method, rawHeaders }: Pick<RequestLines, 'method' | 'rawHeaders'>,
    connection: Connection,
    trusts: (peerAddress: string) => boolean,
  ) {
    this.host = host;
    this.path = path;
    this.port = port;
    this.method = method;
    this.clientAddress = connection.clientAddress;
    this.search = query;
    this.#rawHeaders = rawHeaders;
    this.#connection = connection;
    this.#trusts = trusts;
  }

  header(name: string): string | undefined {
    if (this.#fields !== undefined) return this.#fields.get(name);
    this.#looks += 1;
    if (this.#looks <= FEW_LOOKS) return fieldOf(this.#rawHeaders, name);
    this.#fields = fieldsOf(this.#rawHeaders);
    return this.#fields.get(name);
  }

  query(name: string): string | undefined {
    this.#parameters ??= readQuery(this.search);
    return this.#parameters.get(name);
  }

  get scheme(): 'http' | 'https' {
    return this.#schemeInFront ?? this.#connection.scheme;
  }

  get entrancePort(): number {
    const told = this.#toldInFront('x-forwarded-port');
    if (told !== undefined && /^[1-9]\d{0,4}$/.test(told) && Number(told) < 65_536) return Number(told);
    const scheme = this.#schemeInFront;
    if (scheme !== undefined) return scheme === 'https' ? 443 : 80;
    return this.#connection.socket.localPort ?? 80;
  }

  get #schemeInFront(): 'http' | 'https' | undefined {
    const told = this.#toldInFront('x-forwarded-proto');
    return told === 'http' || told === 'https' ? told : undefined;
  }

  /** The first of several is that of the outermost proxy, whose entrance the client sees. */
  #toldInFront(name: string): string | undefined {
    if (!this.#connection.isTrusted(this.#trusts)) return undefined;
    return this.header(name)?.split(',', 1)[0]?.trim().toLowerCase();
  }
}
