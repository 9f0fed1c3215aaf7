import { startEmbeddedAgent } from '../../src/embedded/agent.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { startConsul } from '../support/servers.ts';
import { consulAgentContract } from './consul-agent.ts';

consulAgentContract('the embedded agent', () =>
  startEmbeddedAgent({ listen: { host: '127.0.0.1', port: 0 }, log: silentLog }),
);

consulAgentContract('real Consul', () =>
  // Its default of 200 connections a client would refuse the crowd of waiters.
  startConsul({ config: { limits: { http_max_conns_per_client: 1000 } } }),
);
