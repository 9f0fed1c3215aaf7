import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../../test/support/servers.ts';
import { startProgram } from '../programs.ts';
import { fromPath } from './binary.ts';
import type { Peer } from './peer.ts';

const envoy = fromPath('envoy', ['--version'], /version: [^/]+\/([^/]+)/);

const HCM = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';

const cluster = (name: string, port: number): object => ({
  name,
  type: 'STATIC',
  connect_timeout: '5s',
  load_assignment: {
    cluster_name: name,
    endpoints: [{ lb_endpoints: [{ endpoint: { address: address(port) } }] }],
  },
});

const address = (port: number): object => ({
  socket_address: { address: '127.0.0.1', port_value: port },
});

/** Envoy reads JSON where it reads YAML. */
const bootstrap = (port: number, web: number, echo: number): object => ({
  static_resources: {
    listeners: [
      {
        address: address(port),
        filter_chains: [
          {
            filters: [
              {
                name: 'http',
                typed_config: {
                  '@type': `type.googleapis.com/${HCM}`,
                  stat_prefix: 'http',
                  use_remote_address: true,
                  upgrade_configs: [{ upgrade_type: 'websocket' }],
                  route_config: {
                    virtual_hosts: [
                      {
                        name: 'all',
                        domains: ['*'],
                        routes: [
                          { match: { prefix: '/ws' }, route: { cluster: 'echo' } },
                          { match: { prefix: '/' }, route: { cluster: 'web' } },
                        ],
                      },
                    ],
                  },
                  http_filters: [
                    {
                      name: 'router',
                      typed_config: {
                        '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router',
                      },
                    },
                  ],
                },
              },
            ],
          },
        ],
      },
    ],
    clusters: [cluster('web', web), cluster('echo', echo)],
  },
});

export const envoyPeer: Peer = {
  name: 'envoy',
  about: '--concurrency 1',
  missing: envoy.missing,
  version: envoy.version,
  start: async ({ upstream, folder }) => {
    const { port } = await freePorts(['port']);
    const config = join(folder('envoy'), 'envoy.json');
    writeFileSync(config, JSON.stringify(bootstrap(port, upstream.ports[0], upstream.echoPort)));
    const program = await startProgram({
      name: 'envoy',
      command: [
        ...[envoy.path(), '-c', config, '--concurrency', '1'],
        ...['--disable-hot-restart', '--log-level', 'error'],
      ] as [string, ...string[]],
      port,
    });
    return { ...program, port, echoPort: port };
  },
};
