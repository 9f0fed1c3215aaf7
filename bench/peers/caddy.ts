import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../../test/support/servers.ts';
import { startProgram } from '../programs.ts';
import { fromPath } from './binary.ts';
import type { Peer } from './peer.ts';

const caddy = fromPath('caddy', ['version'], /v?(\d\S*)/);

export const caddyPeer: Peer = {
  name: 'caddy',
  about: 'GOMAXPROCS=1, up to 256 idle upstream connections',
  missing: caddy.missing,
  version: caddy.version,
  speaks: ['tls', 'http2', 'grpc'],
  start: async ({ upstream, certificate, folder: folderFor }) => {
    const folder = folderFor('caddy');
    const { port, tlsPort, grpcPort } = await freePorts(['port', 'tlsPort', 'grpcPort']);
    const config = join(folder, 'Caddyfile');
    writeFileSync(
      config,
      `{
  admin off
  auto_https off
  default_sni localhost
  log {
    level ERROR
  }
  servers {
    protocols h1 h2 h2c
  }
}
(site) {
  bind 127.0.0.1
  reverse_proxy /ws 127.0.0.1:${upstream.echoPort}
  reverse_proxy /bench.Echo/* h2c://127.0.0.1:${upstream.grpcPort} {
    flush_interval -1
  }
  reverse_proxy 127.0.0.1:${upstream.ports[0]} {
    header_up X-Request-Id {http.request.uuid}
    transport http {
      keepalive_idle_conns_per_host 256
    }
  }
}
http://:${port}, http://:${grpcPort} {
  import site
}
https://:${tlsPort} {
  tls ${certificate.cert} ${certificate.key}
  import site
}
`,
    );
    const program = await startProgram({
      name: 'caddy',
      command: [caddy.path(), 'run', '--config', config, '--adapter', 'caddyfile'],
      env: { GOMAXPROCS: '1', XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
      port,
    });
    return { ...program, port, echoPort: port, tlsPort, grpcPort };
  },
};
