import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../../test/support/servers.ts';
import { startProgram } from '../programs.ts';
import { nginxConfig } from '../upstream.ts';
import { fromPath } from './binary.ts';
import type { Peer } from './peer.ts';

const nginx = fromPath('nginx', ['-v'], /nginx\/(\S+)/);

export const nginxPeer: Peer = {
  name: 'nginx',
  about: 'one worker, upstream keep-alive, no spilling to disk',
  missing: nginx.missing,
  version: nginx.version,
  speaks: ['tls', 'http2', 'grpc'],
  start: async ({ upstream, certificate, folder: folderFor }) => {
    const folder = folderFor('nginx');
    const { port, tlsPort, grpcPort } = await freePorts(['port', 'tlsPort', 'grpcPort']);
    const config = join(folder, 'nginx.conf');
    writeFileSync(
      config,
      nginxConfig(
        folder,
        `
    upstream web { server 127.0.0.1:${upstream.ports[0]}; keepalive 256; keepalive_requests 1000000000; }
    upstream calls { server 127.0.0.1:${upstream.grpcPort}; keepalive 256; }
    server {
      listen 127.0.0.1:${port} backlog=4096;
      listen 127.0.0.1:${tlsPort} ssl http2 backlog=4096;
      listen 127.0.0.1:${grpcPort} http2 backlog=4096;
      ssl_certificate ${certificate.cert};
      ssl_certificate_key ${certificate.key};
      ssl_session_cache shared:sessions:10m;
      proxy_http_version 1.1;
      proxy_max_temp_file_size 0;
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Request-Id $request_id;
      location /ws {
        proxy_pass http://127.0.0.1:${upstream.echoPort};
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection upgrade;
      }
      location /bench.Echo/ { grpc_pass grpc://calls; }
      location / { proxy_pass http://web; proxy_set_header Connection ""; }
    }`,
      ),
    );
    const program = await startProgram({
      name: 'nginx',
      command: [nginx.path(), '-e', 'stderr', '-c', config],
      port,
    });
    return { ...program, port, echoPort: port, tlsPort, grpcPort };
  },
};
