import type { Limits } from '../core/settings/limits.ts';
import { Shedding } from '../core/shedding.ts';
import { BEAT } from './heartbeat.ts';
import { SlowClients } from './slow-clients.ts';

/** Why a request was refused, a connection closed as it came, or an exchange with a slow client ended. */
export type ShedReason = 'requests' | 'event_loop' | 'connections' | 'client_connections' | 'slow_clients';

/** The door: whether one more request or connection is taken, and how many were not. */
export class Admission {
  readonly shed: Readonly<Record<ShedReason, number>>;
  readonly shedding: Shedding;
  readonly slowClients = new SlowClients();
  readonly #counts = { requests: 0, event_loop: 0, connections: 0, client_connections: 0, slow_clients: 0 };
  readonly #limits: Limits;
  readonly #chance: () => number;

  constructor(limits: Limits, loopDelay: number, chance: () => number) {
    this.shed = this.#counts;
    this.shedding = new Shedding(loopDelay, BEAT);
    this.#limits = limits;
    this.#chance = chance;
  }

  /** @param requests under way, with this one */
  refusesRequest(requests: number): boolean {
    if (requests > this.#limits.requests && !this.makeRoom()) this.#counts.requests += 1;
    else if (this.shedding.refuses(requests, performance.now(), this.#chance)) this.#counts.event_loop += 1;
    else return false;
    return true;
  }

  /** As `SlowClients` does. */
  makeRoom(instanceId?: string): boolean {
    const isMade = this.slowClients.makeRoom(instanceId);
    if (isMade) this.#counts.slow_clients += 1;
    return isMade;
  }

  /** @param ofClient open connections of its address, with this one */
  refusesConnection(ofClient: number): boolean {
    const refused = ofClient > this.#limits.connectionsPerClient;
    if (refused) this.#counts.client_connections += 1;
    return refused;
  }

  /** The server closed a connection itself, because it has as many as it may. */
  droppedConnection(): void {
    this.#counts.connections += 1;
  }
}
