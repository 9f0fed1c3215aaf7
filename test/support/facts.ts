import type { RequestFacts } from '../../src/core/request-facts.ts';

/** A request for tests: what matters is said, the rest is a plain GET. */
export interface Asked extends Partial<Pick<RequestFacts, 'host' | 'path' | 'method' | 'scheme'>> {
  readonly clientAddress?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
}

export const factsOf = ({
  headers = {},
  query = {},
  ...asked
}: Asked = {}): RequestFacts & {
  clientAddress: string;
} => ({
  host: 'x.test',
  path: '/',
  method: 'GET',
  scheme: 'http',
  clientAddress: '10.1.2.3',
  ...asked,
  header: name => headers[name],
  query: name => query[name],
});
