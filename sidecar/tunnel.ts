import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { type HostPort, withoutBrackets } from '../src/core/values.ts';
import type { Tunnel } from '../src/proxy/options.ts';
import { readAuthority } from '../src/proxy/target.ts';
import { meshService } from './mesh-rule.ts';
import { isLoopback } from './own-address.ts';

const CONNECT_MS = 5_000;

/**
 * CONNECT (RFC 9110, 9.3.6), for programs of this machine: to others, usually for TLS, and to `NAME.mesh`. Node's own
 * fetch asks for a tunnel for plain http, too; that one ends where it began, so that each request inside is
 * discovered, split and traced like any other.
 *
 * @param outbound where the outbound port is
 */
export const createTunnel =
  (outbound: () => HostPort): Tunnel =>
  (authority, socket, head) => {
    const to = readAuthority(authority);
    const { remoteAddress = '' } = socket as { remoteAddress?: string };
    if (to?.port === undefined || !isLoopback(remoteAddress.replace(/^::ffff:/, ''))) return false;
    const host = withoutBrackets(to.host);
    join(meshService(host) === undefined ? { host, port: to.port } : outbound(), socket, head);
    return true;
  };

const join = ({ host, port }: HostPort, socket: Duplex, head: Buffer): void => {
  const upstream = connect({ host, port, timeout: CONNECT_MS });
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
};
