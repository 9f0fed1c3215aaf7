import { connect } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { eventually } from '../support/wait.ts';
import type { Slot, Stage } from './stage.ts';

/** What came of one connection. */
export interface Outcome {
  /** Of the final answers, in their order. */
  readonly statuses: readonly number[];
  /** What the upstream got, one text a connection. */
  readonly upstream: readonly string[];
  /** Requests that the upstream got whole, and answered. */
  readonly served: number;
  /** Whether the gateway ended the connection; else the client did, after a while. */
  readonly ended: boolean;
}

/** Before a client gives a silent connection up. */
const PATIENCE = 6_000;

/** Sends the pieces one after the other over a new connection, and waits for its end. */
export const converse = async ({ port }: Stage, slot: Slot, pieces: readonly string[]): Promise<Outcome> => {
  const socket = connect({ port, host: '127.0.0.1', localAddress: slot.clientAddress, noDelay: true });
  let text = '';
  let ended = true;
  socket.on('data', bytes => {
    text += bytes.toString('latin1');
  });
  socket.on('error', () => {});
  const closed = new Promise<void>(resolve => socket.once('close', () => resolve()));
  const timer = setTimeout(() => {
    ended = false;
    socket.destroy();
  }, PATIENCE);
  for (const piece of pieces) {
    if (!socket.writable) break;
    socket.write(piece, 'latin1');
    if (pieces.length > 1) await setImmediate();
  }
  await closed;
  clearTimeout(timer);
  await eventually(() => slot.running === 0, {
    within: 5_000,
    hint: 'the gateway has done with the connection',
  });
  const { connections, answered } = slot.upstream.take();
  const statuses = [...text.matchAll(/HTTP\/1\.1 ([2-9]\d\d) /g)].map(([, status]) => Number(status));
  return { statuses, upstream: connections, served: answered, ended };
};
