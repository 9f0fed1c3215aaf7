import { connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { eventually } from '../../../support/wait.ts';
import { frame, GOAWAY, HEADERS, RST_STREAM, SETTINGS } from '../../support/h2-frames.ts';

/** RFC 9113, 6, as far as the frames for servers do not name them. */
export const PING = 6;
export const WINDOW_UPDATE = 8;
export const CONTINUATION = 9;

export const END_STREAM = 1;
export const ACK = 1;
export const END_HEADERS = 4;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** A client of HTTP/2 that writes the frames that it is told, sound or not. */
export interface FramesClient {
  readonly socket: Socket;
  /** Everything received so far. */
  readonly frames: readonly Frame[];
  readonly isOver: () => boolean;
  send(...frames: readonly Buffer[]): void;
  /** Waits for a frame of this type, on this stream if one is named. */
  until(type: number, stream?: number): Promise<Frame>;
  /** Waits until the client is told that a request is not wanted, or its connection is not. */
  untilRefused(stream: number): Promise<Frame>;
  untilOver(): Promise<void>;
}

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

const WITHIN = 5_000;

/** @param settings of the client: number and value, 6 bytes each (RFC 9113, 6.5.1) */
export const framesClient = async (
  t: TestContext,
  port: number,
  settings: Buffer = Buffer.alloc(0),
): Promise<FramesClient> => {
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  const frames: Frame[] = [];
  let unread: Buffer = Buffer.alloc(0);
  let isOver = false;
  socket
    .on('error', () => {})
    .on('close', () => {
      isOver = true;
    })
    .on('data', piece => {
      unread = Buffer.concat([unread, piece]);
      while (unread.length >= 9 && unread.length >= 9 + unread.readUIntBE(0, 3)) {
        const end = 9 + unread.readUIntBE(0, 3);
        frames.push({
          type: unread.readUInt8(3),
          flags: unread.readUInt8(4),
          stream: unread.readUInt32BE(5),
          payload: Buffer.from(unread.subarray(9, end)),
        });
        unread = unread.subarray(end);
      }
    });
  socket.write(Buffer.concat([PREFACE, frame(SETTINGS, 0, settings)]));
  await eventually(() => frames.length > 0, { within: WITHIN, hint: 'the settings of the server' });
  const first = (fits: (each: Frame) => boolean, hint: string): Promise<Frame> =>
    eventually(() => frames.find(fits), {
      within: WITHIN,
      hint: () => `${hint} in ${JSON.stringify(frames.map(({ type }) => type))}`,
    });
  return {
    socket,
    frames,
    isOver: () => isOver,
    send: (...sent) => {
      socket.write(Buffer.concat(sent));
    },
    until: (type, stream) =>
      first(each => each.type === type && (stream ?? each.stream) === each.stream, `frame ${type}`),
    untilRefused: stream =>
      first(
        each => each.type === GOAWAY || (each.type === RST_STREAM && each.stream === stream),
        'a refusal',
      ),
    untilOver: async () => {
      await eventually(() => isOver, { within: WITHIN, hint: 'the end of the connection' });
    },
  };
};

/** Names and values as HPACK has them where nothing is compressed (RFC 7541, 6.2.2). @param fields name, value, name, value … */
export const block = (...fields: readonly string[]): Buffer =>
  Buffer.concat(
    fields.map((text, i) => {
      const bytes = Buffer.from(text, 'latin1');
      const length = bytes.length < 127 ? [bytes.length] : [127, ...varint(bytes.length - 127)];
      return Buffer.from([...(i % 2 === 0 ? [0] : []), ...length, ...bytes]);
    }),
  );

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) + 128, ...varint(value >> 7)];

/** A request's head in one frame. @param flags beside END_HEADERS */
export const head = (stream: number, fields: readonly string[], flags = END_STREAM): Buffer =>
  frame(HEADERS, stream, block(...fields), END_HEADERS | flags);
