/** One connection that carries one request or message at a time. */
export interface Lane {
  /** Sends the next one. `done` is called once, later, with whether a good answer came back whole. */
  send(done: (good: boolean) => void): void;
  readonly isOpen: boolean;
  close(): void;
}

/** @param i its number: lanes begin at different paths where there are many */
export type OpenLane = (i: number) => Promise<Lane>;
