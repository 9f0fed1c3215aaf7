import { once } from 'node:events';
import { connect } from 'node:net';
import type { Lane } from './lane.ts';

const PAYLOAD = 64;
/** RFC 6455, section 5.2: a whole binary message, masked with a key of zeros, which leaves it as it is. */
const MESSAGE = Buffer.concat([Buffer.from([0x82, 0x80 | PAYLOAD, 0, 0, 0, 0]), Buffer.alloc(PAYLOAD, 'x')]);
/** The same as it comes back, without a mask. */
const ECHO = Buffer.concat([Buffer.from([0x82, PAYLOAD]), Buffer.alloc(PAYLOAD, 'x')]);

/** A WebSocket through the peer to the echo, opened by hand. @throws where the upgrade is refused */
export const openWebSocketLane = async (port: number): Promise<Lane> => {
  const socket = connect(port, '127.0.0.1').setNoDelay(true);
  socket.write(
    [
      'GET /ws HTTP/1.1',
      'Host: 127.0.0.1',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
      '\r\n',
    ].join('\r\n'),
  );
  const [head] = (await once(socket, 'data', { signal: AbortSignal.timeout(5_000) })) as [Buffer];
  const answer = head.toString('latin1');
  if (!answer.startsWith('HTTP/1.1 101 ') || !answer.endsWith('\r\n\r\n')) {
    socket.destroy();
    throw new Error(`the upgrade was answered: ${answer.slice(0, 200)}`);
  }

  let finish: ((good: boolean) => void) | undefined;
  let received: Buffer = Buffer.alloc(0);
  const end = (good: boolean): void => {
    const done = finish;
    finish = undefined;
    received = Buffer.alloc(0);
    done?.(good);
  };
  socket.on('data', (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    if (received.length >= ECHO.length) end(received.equals(ECHO));
  });
  socket.on('error', () => end(false));
  socket.on('close', () => end(false));
  return {
    send: done => {
      finish = done;
      if (socket.destroyed) setImmediate(end, false);
      else socket.write(MESSAGE);
    },
    get isOpen() {
      return !socket.destroyed;
    },
    close: () => socket.destroy(),
  };
};
