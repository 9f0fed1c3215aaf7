import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onPath } from '../../test/support/child.ts';
import { freePorts } from '../../test/support/servers.ts';
import { type Program, startProgram } from '../programs.ts';
import { nginxConfig, type Upstream } from '../upstream.ts';

/**
 * An nginx in front of the same upstream, to be attacked in the gateway's place: what those who use the gateway notice
 * of that is the machine's doing, on which the attacker takes time, too, and memory of the kernel.
 */
export const startBystander = async (
  inFolder: string,
  upstream: Upstream,
): Promise<Program & { readonly port: number }> => {
  const nginx = onPath('nginx');
  if (nginx === undefined) throw new Error('the bystander is an nginx: run `bash bench/setup.sh` to get it');
  const folder = join(inFolder, 'bystander');
  mkdirSync(folder);
  const { port } = await freePorts(['port']);
  const config = join(folder, 'nginx.conf');
  writeFileSync(
    config,
    nginxConfig(
      folder,
      `
    upstream web { server 127.0.0.1:${upstream.ports[0]}; keepalive 256; keepalive_requests 1000000000; }
    server {
      listen 127.0.0.1:${port} backlog=4096;
      proxy_http_version 1.1;
      proxy_max_temp_file_size 0;
      location / { proxy_pass http://web; proxy_set_header Connection ""; }
    }`,
    ),
  );
  const program = await startProgram({
    name: 'the bystander',
    command: [nginx, '-e', 'stderr', '-c', config],
    port,
  });
  return { ...program, port };
};
