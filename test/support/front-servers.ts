import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { freePorts, ownFolder, supervise } from './servers.ts';

/** Real proxies in front of a gateway, ended with the test. */

const accepts = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

const startFront = async (
  t: TestContext,
  binary: string,
  args: (config: string, folder: string) => readonly string[],
  config: (folder: string) => string,
  port: number,
): Promise<void> => {
  const folder = ownFolder(binary);
  const file = join(folder, `${binary}.conf`);
  writeFileSync(file, config(folder));
  const server = await supervise({
    binary,
    args: args(file, folder),
    folder,
    ready: () => accepts(port),
    wipe: () => {},
    keepsData: false,
  });
  t.after(() => server.stop());
};

/**
 * HAProxy that passes bytes on.
 *
 * @param behind the ports of the gateway
 * @param send how it says for whom: `send-proxy`, `send-proxy-v2`
 */
export const startHaproxy = async (
  t: TestContext,
  behind: { readonly http: number; readonly https: number },
  send: string,
): Promise<{ http: number; https: number }> => {
  const ports = await freePorts(['http', 'https']);
  const pass = (name: 'http' | 'https'): string => `listen ${name}
  bind 127.0.0.1:${ports[name]}
  server gateway 127.0.0.1:${behind[name]} ${send}
`;
  const config = `global
  no strict-limits
  maxconn 100
defaults
  mode tcp
  timeout connect 5s
  timeout client 30s
  timeout server 30s
${pass('http')}${pass('https')}`;
  await startFront(
    t,
    'haproxy',
    file => ['-db', '-f', file],
    () => config,
    ports.http,
  );
  return ports;
};

/** nginx that ends TLS in its own words, and adds to `X-Forwarded-For`. @returns its port */
export const startNginx = async (t: TestContext, behind: number): Promise<number> => {
  const { port } = await freePorts(['port']);
  const config = (folder: string): string => `daemon off;
master_process off;
pid ${folder}/pid;
error_log ${folder}/error.log;
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://127.0.0.1:${behind};
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto https;
    }
  }
}
`;
  await startFront(t, 'nginx', file => ['-c', file], config, port);
  return port;
};
