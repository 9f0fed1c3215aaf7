import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { RunningProcess } from '../../support/processes.ts';

/** Holds the event loop of a process that runs with `--inspect` up for so many milliseconds, as a long computation does. */
export const blockLoop = async (process: RunningProcess, milliseconds: number): Promise<void> => {
  const [address] = /ws:\/\/\S+/.exec(process.stderr()) ?? [];
  if (address === undefined) throw new Error('the process has no inspector');
  const socket = new WebSocket(address);
  await once(socket, 'open');
  const expression = `{ const end = performance.now() + ${milliseconds}; while (performance.now() < end); }`;
  socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression } }));
  await once(socket, 'message');
  socket.close();
  await once(socket, 'close');
};
