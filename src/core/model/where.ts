/** Counts the attempts at one version. */
export interface Sampler {
  count(isError: boolean, seconds: number): void;
}

/**
 * Where a request goes, as spans, metrics and logs name it; empty for what is not known. Made when a table is
 * compiled, one for all requests that go there, so that who counts them can keep with it where their figures are.
 */
export class Where {
  readonly route: string;
  readonly service: string;
  readonly version: string;
  /** Whose the two numbers are; they mean nothing to anybody else. */
  keeper: object | undefined = undefined;
  requests = 0;
  attempts = 0;
  /** Set by the keeper where the version is compared with others. */
  sample: Sampler | undefined = undefined;

  /** @param route the rule's id */
  constructor(route: string, service: string, version: string) {
    this.route = route;
    this.service = service;
    this.version = version;
  }
}

/** No rule was found. */
export const NOWHERE = new Where('', '', '');
