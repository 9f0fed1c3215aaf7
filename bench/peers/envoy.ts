import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../../test/support/servers.ts';
import { startProgram } from '../programs.ts';
import { fromPath } from './binary.ts';
import type { Peer, SiteCertificate } from './peer.ts';

const envoy = fromPath('envoy', ['--version'], /version: [^/]+\/([^/]+)/);

const EXTENSIONS = 'type.googleapis.com/envoy.extensions';
const HCM = `${EXTENSIONS}.filters.network.http_connection_manager.v3.HttpConnectionManager`;

const cluster = (name: string, port: number, options: object = {}): object => ({
  name,
  type: 'STATIC',
  connect_timeout: '5s',
  load_assignment: {
    cluster_name: name,
    endpoints: [{ lb_endpoints: [{ endpoint: { address: address(port) } }] }],
  },
  ...options,
});

const OVER_HTTP2 = {
  typed_extension_protocol_options: {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
      '@type': `${EXTENSIONS}.upstreams.http.v3.HttpProtocolOptions`,
      explicit_http_config: { http2_protocol_options: {} },
    },
  },
};

const address = (port: number): object => ({
  socket_address: { address: '127.0.0.1', port_value: port },
});

const listener = (name: string, port: number, transport: object = {}): object => ({
  name,
  address: address(port),
  filter_chains: [
    {
      ...transport,
      filters: [
        {
          name: 'http',
          typed_config: {
            '@type': HCM,
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
                    { match: { prefix: '/bench.Echo/' }, route: { cluster: 'calls', timeout: '0s' } },
                    { match: { prefix: '/' }, route: { cluster: 'web' } },
                  ],
                },
              ],
            },
            http_filters: [
              {
                name: 'router',
                typed_config: { '@type': `${EXTENSIONS}.filters.http.router.v3.Router` },
              },
            ],
          },
        },
      ],
    },
  ],
});

const overTls = ({ cert, key }: SiteCertificate): object => ({
  transport_socket: {
    name: 'tls',
    typed_config: {
      '@type': `${EXTENSIONS}.transport_sockets.tls.v3.DownstreamTlsContext`,
      common_tls_context: {
        alpn_protocols: ['h2', 'http/1.1'],
        tls_certificates: [{ certificate_chain: { filename: cert }, private_key: { filename: key } }],
      },
    },
  },
});

export const envoyPeer: Peer = {
  name: 'envoy',
  about: '--concurrency 1',
  missing: envoy.missing,
  version: envoy.version,
  speaks: ['tls', 'http2', 'grpc'],
  start: async ({ upstream, certificate, folder }) => {
    const { port, tlsPort } = await freePorts(['port', 'tlsPort']);
    const config = join(folder('envoy'), 'envoy.json');
    // Envoy reads JSON where it reads YAML.
    const bootstrap = {
      static_resources: {
        listeners: [listener('plain', port), listener('tls', tlsPort, overTls(certificate))],
        clusters: [
          cluster('web', upstream.ports[0]),
          cluster('echo', upstream.echoPort),
          cluster('calls', upstream.grpcPort, OVER_HTTP2),
        ],
      },
    };
    writeFileSync(config, JSON.stringify(bootstrap));
    const program = await startProgram({
      name: 'envoy',
      command: [
        ...[envoy.path(), '-c', config, '--concurrency', '1'],
        ...['--disable-hot-restart', '--log-level', 'error'],
      ] as [string, ...string[]],
      port,
    });
    // It knows HTTP/2 by its first bytes.
    return { ...program, port, echoPort: port, tlsPort, grpcPort: port };
  },
};
