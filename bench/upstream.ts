import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onPath } from '../test/support/child.ts';
import { freePorts } from '../test/support/servers.ts';
import { startProgram } from './programs.ts';

/** What stands behind every peer: an nginx with fixed answers, an echo of WebSockets and one of gRPC. */
export interface Upstream {
  /** Two ports of one nginx: the two versions of a service. */
  readonly ports: readonly [number, number];
  readonly echoPort: number;
  /** HTTP/2 by prior knowledge. */
  readonly grpcPort: number;
  stop(): Promise<void>;
}

/** Bytes of the answer by path; any other path gets the small one, `/upload` once the body is there. */
export const BODY_BYTES = { small: 128, '16k': 16_384, '1m': 1_048_576 } as const;

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** @param folder for its configuration and files */
export const startUpstream = async (folder: string): Promise<Upstream> => {
  const { first, second, echo, grpc } = await freePorts(['first', 'second', 'echo', 'grpc']);
  for (const name of ['16k', '1m'] as const) writeFileSync(join(folder, name), 'x'.repeat(BODY_BYTES[name]));
  const config = join(folder, 'upstream.conf');
  writeFileSync(
    config,
    nginxConfig(
      folder,
      `
    server {
      listen 127.0.0.1:${first} backlog=4096;
      listen 127.0.0.1:${second} backlog=4096;
      default_type text/plain;
      open_file_cache max=10;
      location /16k { alias ${folder}/16k; }
      location /1m { alias ${folder}/1m; }
      location /upload { proxy_pass http://127.0.0.1:${second}/; }
      location / { return 200 "${'x'.repeat(BODY_BYTES.small)}"; }
    }`,
    ),
  );
  const nginx = onPath('nginx');
  if (nginx === undefined) throw new Error('the upstream is an nginx: run `bash bench/setup.sh` to get it');
  const started = await Promise.allSettled([
    startProgram({
      name: 'the upstream',
      command: [nginx, '-e', 'stderr', '-c', config],
      port: first,
    }),
    startProgram({ name: 'the echo', command: [process.execPath, here('echo.mjs'), `${echo}`], port: echo }),
    startProgram({
      name: 'the echo of gRPC',
      command: [process.execPath, here('grpc-echo.mjs'), `${grpc}`],
      port: grpc,
    }),
  ]);
  const stop = async (): Promise<void> => {
    await Promise.all(started.map(each => (each.status === 'fulfilled' ? each.value.stop() : undefined)));
  };
  const failed = started.find(each => each.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  return { ports: [first, second], echoPort: echo, grpcPort: grpc, stop };
};

/** The frame of an nginx that runs in the foreground, with one worker, below a folder of its own. */
export const nginxConfig = (folder: string, http: string): string => {
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map(name => `${name}_temp_path ${folder}/${name};`)
    .join(' ');
  // A worker that is not root can't read a folder of root's.
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  return `daemon off; worker_processes 1; worker_rlimit_nofile 20000; pid ${folder}/pid; error_log stderr crit; ${user}
  events { worker_connections 19000; }
  http {
    access_log off; ${temp}
    keepalive_timeout 600s; keepalive_requests 1000000000;${http}
  }
`;
};
