import { connect } from 'node:net';
import type { Tunnel } from '../src/proxy/options.ts';
import { readAuthority } from '../src/proxy/target.ts';
import { meshService } from './mesh-rule.ts';
import { isLoopback } from './own-address.ts';

const CONNECT_MS = 5_000;

/**
 * CONNECT (RFC 9110, 9.3.6), for what a program of this machine says to others over TLS. Not into the mesh, which
 * speaks plain HTTP.
 */
export const tunnel: Tunnel = (authority, socket, head) => {
  const to = readAuthority(authority);
  const { remoteAddress = '' } = socket as { remoteAddress?: string };
  if (to?.port === undefined || meshService(to.host) !== undefined) return false;
  if (!isLoopback(remoteAddress.replace(/^::ffff:/, ''))) return false;
  const host = to.host.replace(/^\[(.*)\]$/, '$1');
  const upstream = connect({ host, port: to.port, timeout: CONNECT_MS });
  let isOpen = false;
  upstream.once('connect', () => {
    isOpen = true;
    upstream.setTimeout(0);
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    upstream.write(head);
    socket.pipe(upstream).pipe(socket);
  });
  upstream.once('timeout', () => upstream.destroy());
  upstream.once('error', () => {});
  upstream.once('close', hadError => {
    if (isOpen) hadError ? socket.destroy() : socket.end();
    else socket.end('HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  });
  socket.once('error', () => upstream.destroy());
  socket.once('close', () => upstream.destroy());
  return true;
};
