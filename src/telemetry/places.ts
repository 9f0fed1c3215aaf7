import { MAX_SERIES } from './series.ts';

/** Where a request went. Empty for what was not found. */
export interface Where {
  readonly route?: string;
  readonly service?: string;
  readonly version?: string;
}

/**
 * Something kept for each place, found without making a key: the same few strings come with every request, so their
 * hashes are known. The last place found is looked at first.
 */
export class Places<T> {
  readonly #create: (route: string, service: string, version: string) => T;
  #byRoute = new Map<string, Map<string, Map<string, T>>>();
  #size = 0;
  #route = '';
  #service = '';
  #version = '';
  #last: T | undefined;

  constructor(create: (route: string, service: string, version: string) => T) {
    this.#create = create;
  }

  at({ route = '', service = '', version = '' }: Where): T {
    const last = this.#last;
    if (
      last !== undefined &&
      version === this.#version &&
      route === this.#route &&
      service === this.#service
    ) {
      return last;
    }
    const found = this.#byRoute.get(route)?.get(service)?.get(version) ?? this.#add(route, service, version);
    this.#route = route;
    this.#service = service;
    this.#version = version;
    this.#last = found;
    return found;
  }

  clear(): void {
    this.#byRoute.clear();
    this.#size = 0;
    this.#last = undefined;
  }

  #add(route: string, service: string, version: string): T {
    if (this.#size >= MAX_SERIES) this.clear();
    const byService = this.#byRoute.get(route) ?? new Map<string, Map<string, T>>();
    const byVersion = byService.get(service) ?? new Map<string, T>();
    const added = this.#create(route, service, version);
    this.#byRoute.set(route, byService.set(service, byVersion.set(version, added)));
    this.#size += 1;
    return added;
  }
}
