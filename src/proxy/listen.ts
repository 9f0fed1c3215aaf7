import type { AddressInfo, Server } from 'node:net';
import { ListenError } from '../core/listen-error.ts';
import type { HostPort } from '../core/values.ts';
import type { Log } from '../telemetry/log.ts';

/**
 * Binds a traffic port. What fails later is logged: it keeps serving what it has.
 *
 * @returns the real address and port
 * @throws ListenError
 */
export const listen = (server: Server, at: HostPort, log: Log): Promise<HostPort> =>
  new Promise((resolve, reject) => {
    const refuse = (cause: NodeJS.ErrnoException): void => reject(new ListenError(at, cause));
    server.once('error', refuse);
    server.listen({ port: at.port, ...(at.host === '' ? {} : { host: at.host }) }, () => {
      server.off('error', refuse);
      server.on('error', error => log.error({ err: error }, 'the listener failed'));
      const { address, port } = server.address() as AddressInfo;
      resolve({ host: address, port });
    });
  });
