import { createHash } from 'node:crypto';
import fc from 'fast-check';

/** A frame as it is on the wire (RFC 6455, 5.2), valid or not. */
export interface Frame {
  readonly fin: boolean;
  /** RSV1 to RSV3, three bits. */
  readonly reserved: number;
  readonly opcode: number;
  readonly masked: boolean;
  readonly length: number;
  /** The length is written in more bytes than it needs, which is not allowed. */
  readonly isLong?: boolean;
}

/** Where payloads and masks are taken from: no stretch of it is like another, and it is the same in each run. */
const POOL = createHash('shake256', { outputLength: 2 * 1024 * 1024 })
  .update('frames')
  .digest();

/** @param place in the pool, from which mask and payload are taken */
export const frameBytes = (frame: Frame, place = 0): Buffer => {
  const { fin, reserved, opcode, masked, length, isLong = false } = frame;
  const mask = masked ? POOL.subarray(place, place + 4) : NOTHING;
  return Buffer.concat([
    Buffer.from([(fin ? 0x80 : 0) | (reserved << 4) | opcode]),
    lengthBytes(length, masked, isLong),
    mask,
    masked ? unmasked(mask, place + 4, length) : POOL.subarray(place, place + length),
  ]);
};

const lengthBytes = (length: number, masked: boolean, isLong: boolean): Buffer => {
  const bit = masked ? 0x80 : 0;
  if (length < 126 && !isLong) return Buffer.from([bit | length]);
  const bytes = Buffer.alloc(length < 65_536 && !(isLong && length > 125) ? 3 : 9);
  if (bytes.length === 3) bytes.writeUInt16BE(length, 1);
  else bytes.writeBigUInt64BE(BigInt(length), 1);
  bytes[0] = bit | (bytes.length === 3 ? 126 : 127);
  return bytes;
};

const unmasked = (mask: Buffer, place: number, length: number): Buffer => {
  const payload = Buffer.from(POOL.subarray(place, place + length));
  for (let i = 0; i < length; i++) payload[i] = (payload[i] ?? 0) ^ (mask[i % 4] ?? 0);
  return payload;
};

const NOTHING = Buffer.alloc(0);

/** Around each length at which its own is written in another way, and more than any buffer on the way holds. */
const length = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom(0, 1, 125, 126, 127) },
  { weight: 4, arbitrary: fc.constantFrom(65_535, 65_536) },
  { weight: 1, arbitrary: fc.constant(1024 * 1024) },
);

const any = fc.record({
  fin: fc.boolean(),
  reserved: fc.nat(7),
  opcode: fc.nat(15),
  masked: fc.boolean(),
  length,
  isLong: fc.boolean(),
});

const control = fc.record({
  fin: fc.constant(true),
  reserved: fc.constant(0),
  opcode: fc.constantFrom(8, 9, 10),
  masked: fc.boolean(),
  length: fc.nat(125),
});

/** A message in as many frames as may be, control frames between them. */
const message = fc
  .tuple(
    fc.constantFrom(1, 2),
    fc.boolean(),
    fc.boolean(),
    fc.array(fc.tuple(length, fc.option(control)), { minLength: 1, maxLength: 4 }),
  )
  .map(([opcode, masked, isDeflated, pieces]) =>
    pieces.flatMap(([size, between], i): Frame[] => {
      const isFirst = i === 0;
      const piece: Frame = {
        fin: i === pieces.length - 1,
        reserved: isFirst && isDeflated ? 4 : 0,
        opcode: isFirst ? opcode : 0,
        masked,
        length: size,
      };
      return between === null ? [piece] : [piece, between];
    }),
  );

/** What one side sends: messages, frames that nobody may send, and bytes that are no frames. */
export const frameSequence: fc.Arbitrary<Buffer> = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: message },
      { weight: 2, arbitrary: any.map(frame => [frame]) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          'GET /next HTTP/1.1\r\nHost: x\r\n\r\n',
          '\r\n\r\n',
          'HTTP/1.1 200 OK\r\n\r\n',
        ),
      },
    ),
    { maxLength: 5 },
  )
  .map(parts => {
    const frames = parts.flatMap((part, i) =>
      typeof part === 'string' ? [Buffer.from(part)] : part.map((frame, j) => frameBytes(frame, i * 100 + j)),
    );
    return Object.assign(Buffer.concat(frames), { [fc.toStringMethod]: () => JSON.stringify(parts) });
  });
