import { describe } from 'node:test';
import { type StartAgent, useAgent } from './consul-agent/api.ts';
import { blockingContract } from './consul-agent/blocking.ts';
import { catalogWritesContract } from './consul-agent/catalog-writes.ts';
import { checksContract } from './consul-agent/checks.ts';
import { clientsContract } from './consul-agent/clients.ts';
import { kvContract } from './consul-agent/kv.ts';
import { refusalsContract } from './consul-agent/refusals.ts';
import { registrationContract } from './consul-agent/registration.ts';

/**
 * What services, sidecars and the gateway count on in Consul's HTTP API. Run against real Consul and against
 * the embedded agent, so that the two cannot drift.
 *
 * @param start gives an agent that allows a few hundred connections; called once
 */
export const consulAgentContract = (name: string, start: StartAgent): void => {
  describe(`Consul's agent API: ${name}`, () => {
    const api = useAgent(start);
    registrationContract(api);
    catalogWritesContract(api);
    checksContract(api);
    blockingContract(api);
    refusalsContract(api);
    kvContract(api);
    clientsContract(api);
  });
};
