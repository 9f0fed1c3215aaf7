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
  start: async ({ upstream, folder: folderFor }) => {
    const folder = folderFor('caddy');
    const { port } = await freePorts(['port']);
    const config = join(folder, 'Caddyfile');
    writeFileSync(
      config,
      `{
  admin off
  auto_https off
  log {
    level ERROR
  }
}
http://:${port} {
  bind 127.0.0.1
  reverse_proxy /ws 127.0.0.1:${upstream.echoPort}
  reverse_proxy 127.0.0.1:${upstream.ports[0]} {
    header_up X-Request-Id {http.request.uuid}
    transport http {
      keepalive_idle_conns_per_host 256
    }
  }
}
`,
    );
    const program = await startProgram({
      name: 'caddy',
      command: [caddy.path(), 'run', '--config', config, '--adapter', 'caddyfile'],
      env: { GOMAXPROCS: '1', XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
      port,
    });
    return { ...program, port, echoPort: port };
  },
};
