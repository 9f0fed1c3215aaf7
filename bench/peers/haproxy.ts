import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../../test/support/servers.ts';
import { startProgram } from '../programs.ts';
import { fromPath } from './binary.ts';
import type { Peer } from './peer.ts';

const haproxy = fromPath('haproxy', ['-v'], /version (\S+?)[-\s]/);

export const haproxyPeer: Peer = {
  name: 'haproxy',
  about: 'one thread, upstream connections always reused',
  missing: haproxy.missing,
  version: haproxy.version,
  speaks: ['tls', 'http2', 'grpc'],
  start: async ({ upstream, certificate, folder }) => {
    const { port, tlsPort, grpcPort } = await freePorts(['port', 'tlsPort', 'grpcPort']);
    const config = join(folder('haproxy'), 'haproxy.cfg');
    writeFileSync(
      config,
      `global
  nbthread 1
  no strict-limits
  maxconn 19000
defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 60s
  timeout tunnel 600s
  http-reuse always
frontend front
  bind 127.0.0.1:${port} backlog 4096
  bind 127.0.0.1:${tlsPort} backlog 4096 ssl crt ${certificate.bundle} alpn h2,http/1.1
  bind 127.0.0.1:${grpcPort} backlog 4096 proto h2
  option forwardfor
  http-request set-header X-Request-Id %[uuid()]
  use_backend echo if { path /ws }
  use_backend calls if { path_beg /bench.Echo/ }
  default_backend web
backend web
  server one 127.0.0.1:${upstream.ports[0]}
backend echo
  server one 127.0.0.1:${upstream.echoPort}
backend calls
  server one 127.0.0.1:${upstream.grpcPort} proto h2
`,
    );
    const program = await startProgram({
      name: 'haproxy',
      command: [haproxy.path(), '-q', '-db', '-f', config],
      port,
    });
    return { ...program, port, echoPort: port, tlsPort, grpcPort };
  },
};
