import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';

/**
 * Ports of 127.0.0.1 that are free, and differ: each the preferred one, or another where that is taken or none
 * (0) is preferred.
 */
export const findPorts = async (preferred: readonly number[]): Promise<number[]> => {
  const held: Server[] = [];
  for (const wanted of preferred) {
    let server = await hold(wanted || anyPort());
    while (server === undefined) server = await hold(anyPort());
    held.push(server);
  }
  const ports = held.map(server => (server.address() as AddressInfo).port);
  for (const server of held) server.close();
  return ports;
};

/** Below the range that the kernel gives to outgoing connections, so that it is still free a moment later. */
const anyPort = (): number => randomInt(18_000, 32_000);

const hold = async (port: number): Promise<Server | undefined> => {
  const server = createServer();
  try {
    const listening = once(server, 'listening');
    server.listen(port, '127.0.0.1');
    await listening;
    return server;
  } catch {
    return undefined;
  }
};
