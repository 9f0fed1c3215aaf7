import { createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { listenOn, portOf } from './raw.ts';

/** RFC 9113, 6. */
export const DATA = 0;
export const HEADERS = 1;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const GOAWAY = 7;

const END_STREAM = 1;
const END_HEADERS = 4;

/** One frame (RFC 9113, 4.1). */
export const frame = (type: number, stream: number, payload: Buffer = NOTHING, flags = 0): Buffer => {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
};

const NOTHING = Buffer.alloc(0);

/** `:status: 200`, as HPACK has it. */
export const ok = (stream: number): Buffer => frame(HEADERS, stream, Buffer.from([0x88]), END_HEADERS);

export const data = (stream: number, text: string): Buffer => frame(DATA, stream, Buffer.from(text));

export const reset = (stream: number, code: number): Buffer => frame(RST_STREAM, stream, number32(code));

export const number32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

const PREFACE = 24;

/**
 * A server that writes the frames that it is told, where a real one would not misbehave on demand.
 *
 * @param onRequest called with each stream whose request is whole
 */
export const startFrames = async (
  t: TestContext,
  onRequest: (socket: Socket, stream: number) => void,
): Promise<number> => {
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    socket.write(frame(SETTINGS, 0));
    let unread: Buffer = NOTHING;
    let from = PREFACE;
    socket.on('data', piece => {
      unread = Buffer.concat([unread, piece]);
      while (unread.length >= from + 9) {
        const end = from + 9 + unread.readUIntBE(from, 3);
        if (unread.length < end) break;
        const type = unread.readUInt8(from + 3);
        const flags = unread.readUInt8(from + 4);
        const stream = unread.readUInt32BE(from + 5);
        unread = unread.subarray(end);
        from = 0;
        if ((type === HEADERS || type === DATA) && (flags & END_STREAM) !== 0) onRequest(socket, stream);
        if (type === GOAWAY) socket.end();
      }
    });
  });
  await listenOn(server);
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return portOf(server);
};
