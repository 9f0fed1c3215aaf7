import { readQuery } from '../core/route/query.ts';
import type { Client } from './client.ts';
import type { Connection } from './connection.ts';
import { fieldOf, fieldsOf } from './fields.ts';
import type { Intake, RequestLines } from './intake.ts';
import type { ProxyFacts } from './options.ts';

/** After so many looks at fields all of them are sorted. */
const FEW_LOOKS = 8;

/** What a hop decides by; fields and parameters are looked for only when somebody asks. */
export class Facts implements ProxyFacts {
  readonly host: string;
  readonly path: string;
  readonly port: number | undefined;
  readonly method: string;
  readonly clientAddress: string;
  readonly scheme: 'http' | 'https';
  /** With its `?`. */
  readonly search: string;
  readonly #rawHeaders: readonly string[];
  readonly #connection: Connection;
  readonly #client: Client;
  #looks = 0;
  #fields: ReadonlyMap<string, string> | undefined = undefined;
  #parameters: ReadonlyMap<string, string> | undefined = undefined;

  constructor(
    { client, target: { host, path, port, query } }: Pick<Intake, 'client' | 'target'>,
    { method, rawHeaders }: Pick<RequestLines, 'method' | 'rawHeaders'>,
    connection: Connection,
  ) {
    this.host = host;
    this.path = path;
    this.port = port;
    this.method = method;
    this.clientAddress = client.address;
    this.scheme = client.scheme;
    this.search = query;
    this.#rawHeaders = rawHeaders;
    this.#connection = connection;
    this.#client = client;
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

  get entrancePort(): number {
    return this.#client.port ?? this.#connection.entrancePort ?? 80;
  }

  get peerAddress(): string {
    return this.#connection.peerAddress;
  }
}
