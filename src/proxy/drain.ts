import type { Connections } from './connection.ts';

/** How long connections stay open that wait for a next request: one may be on its way. */
const IDLE_GRACE = 1_000;

/**
 * Waits for the end of all connections: those with something running end with their answer, idle ones are
 * closed after a moment.
 *
 * @param deadline milliseconds after which what still runs is cut
 * @returns how many connections were cut with something running
 */
export const drain = (connections: Connections, deadline: number): Promise<{ cut: number }> =>
  new Promise(resolve => {
    const closeIdle = (): void => {
      for (const { socket, running, multiplexer } of connections) {
        if (multiplexer !== undefined) multiplexer.finish();
        else if (running.length === 0) socket.destroySoon();
      }
    };
    const cutAll = (): void => {
      const cut = [...connections].filter(({ running }) => running.length > 0).length;
      for (const { socket } of connections) socket.destroy();
      finish(cut);
    };
    const grace = setInterval(closeIdle, IDLE_GRACE);
    const end = setTimeout(cutAll, deadline);
    const finish = (cut: number): void => {
      clearInterval(grace);
      clearTimeout(end);
      resolve({ cut });
    };
    for (const { multiplexer } of connections) multiplexer?.announceEnd();
    connections.whenEmpty(() => finish(0));
  });
