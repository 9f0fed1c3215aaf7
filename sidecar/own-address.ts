import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { withoutBrackets } from '../src/core/values.ts';

/**
 * The address that others reach this machine at, as far as Consul's agent can tell: the one that the way to the
 * agent begins at. Empty where the agent is on this machine: Consul then takes its node's.
 *
 * @param consul `host:port` or a URL
 * @throws where the agent's name is unknown
 */
export const ownAddress = async (consul: string): Promise<string> => {
  const { hostname, port } = new URL(consul.includes('://') ? consul : `http://${consul}`);
  const host = withoutBrackets(hostname);
  if (isLoopback(host)) return '';
  // Connecting a datagram socket sends nothing: it only asks the kernel for the route.
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  try {
    const connected = once(socket, 'connect');
    socket.connect(Number(port || 80), host);
    await connected;
    const { address } = socket.address();
    return isLoopback(address) ? '' : address;
  } finally {
    socket.close();
  }
};

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
