const TWO_32 = 2 ** 32;
/** Up to here a loop over the characters is quicker than a call out of JavaScript. */
const SHORT = 96;
const LONGEST_VARINT = 10;

const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/**
 * Writes protobuf (protobuf.dev/programming-guides/encoding) in one pass into a buffer that grows, and that is used
 * again after `clear`. A message within a message is written between `begin` and `end`.
 */
export class ProtobufWriter {
  #bytes: Buffer;
  #length = 0;

  constructor(capacity = 1024) {
    this.#bytes = Buffer.allocUnsafeSlow(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** What was written; good until the next write. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  /**
   * @param room bytes that its length will take; where that is wrong, `end` moves what was written
   * @returns what `end` wants
   */
  begin(field: number, room = 1): number {
    this.#reserve(2 * LONGEST_VARINT);
    this.#tag(field, LENGTH_DELIMITED);
    this.#length += room;
    return this.#length;
  }

  /** @param room what `begin` was told */
  end(start: number, room = 1): void {
    const size = this.#length - start;
    const extra = varintLength(size) - room;
    if (extra !== 0) {
      if (extra > 0) this.#reserve(extra);
      this.#bytes.copyWithin(start + extra, start, this.#length);
    }
    this.#length = start - room;
    this.#varint(size);
    this.#length += size;
  }

  /** The tag and length of a message of which `size` bytes follow. */
  head(field: number, size: number): void {
    this.#reserve(2 * LONGEST_VARINT);
    this.#tag(field, LENGTH_DELIMITED);
    this.#varint(size);
  }

  /** @param value a whole number from 0 to 2^32 - 1 */
  uint32(field: number, value: number): void {
    this.#reserve(2 * LONGEST_VARINT);
    this.#tag(field, VARINT);
    this.#varint(value);
  }

  /** @param value a whole number from -2^63 to below 2^63 */
  int64(field: number, value: number): void {
    this.#reserve(2 * LONGEST_VARINT);
    this.#tag(field, VARINT);
    if (value >= 0 && value < TWO_32) this.#varint(value);
    else this.#varint64(Math.floor(value / TWO_32), value);
  }

  fixed32(field: number, value: number): void {
    this.#reserve(LONGEST_VARINT + 4);
    this.#tag(field, FIXED_32);
    this.#length = this.#bytes.writeUInt32LE(value, this.#length);
  }

  /** @param high the upper 32 bits @param low the lower ones, each from 0 to 2^32 - 1 */
  fixed64(field: number, high: number, low: number): void {
    this.#reserve(LONGEST_VARINT + 8);
    this.#tag(field, FIXED_64);
    this.#fixed32(low);
    this.#fixed32(high);
  }

  double(field: number, value: number): void {
    this.#reserve(LONGEST_VARINT + 8);
    this.#tag(field, FIXED_64);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
  }

  /** Fields that were written before. */
  raw(fields: Uint8Array): void {
    this.#reserve(fields.length);
    this.#bytes.set(fields, this.#length);
    this.#length += fields.length;
  }

  /** @param value of lower-case hexadecimal digits, two a byte */
  hex(field: number, value: string): void {
    const size = value.length >>> 1;
    this.#reserve(2 * LONGEST_VARINT + size);
    this.#tag(field, LENGTH_DELIMITED);
    this.#varint(size);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = 0; i < size; i += 1) {
      bytes[at++] = (digit(codeAt(value, 2 * i)) << 4) | digit(codeAt(value, 2 * i + 1));
    }
    this.#length = at;
  }

  string(field: number, value: string): void {
    this.#reserve(2 * LONGEST_VARINT + 3 * value.length);
    this.#tag(field, LENGTH_DELIMITED);
    if (value.length > SHORT || !this.#ascii(value)) {
      this.#varint(Buffer.byteLength(value));
      this.#length += this.#bytes.write(value, this.#length);
    }
  }

  /** Length and characters; nothing at all, and false, where one of them takes more than a byte. */
  #ascii(value: string): boolean {
    const bytes = this.#bytes;
    const { length } = value;
    let at = this.#length;
    bytes[at++] = length;
    for (let i = 0; i < length; i++) {
      const code = codeAt(value, i);
      if (code > 0x7f) return false;
      bytes[at++] = code;
    }
    this.#length = at;
    return true;
  }

  #tag(field: number, wireType: number): void {
    this.#varint((field << 3) | wireType);
  }

  #varint(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest = rest >>> 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  /** Both halves as 32 bits of the two's complement, whatever lies beyond. */
  #varint64(high: number, low: number): void {
    let upper = high >>> 0;
    let lower = low >>> 0;
    while (upper > 0 || lower > 0x7f) {
      this.#bytes[this.#length++] = (lower & 0x7f) | 0x80;
      lower = ((lower >>> 7) | (upper << 25)) >>> 0;
      upper = upper >>> 7;
    }
    this.#bytes[this.#length++] = lower;
  }

  #fixed32(value: number): void {
    const bytes = this.#bytes;
    bytes[this.#length++] = value;
    bytes[this.#length++] = value >>> 8;
    bytes[this.#length++] = value >>> 16;
    bytes[this.#length++] = value >>> 24;
  }

  #reserve(size: number): void {
    const wanted = this.#length + size;
    if (wanted <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(wanted, 2 * this.#bytes.length));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

const varintLength = (value: number): number => {
  let length = 1;
  for (let rest = value; rest > 0x7f; rest = rest >>> 7) length += 1;
  return length;
};

/** `0` to `9` are 0x30 to 0x39, `a` to `f` 0x61 to 0x66. */
const digit = (code: number): number => (code & 0xf) + (code >>> 6) * 9;

/**
 * Strings come in many makes (flat, sliced, joined …), for all of which V8 looks the method up anew, at every
 * character. Called by itself it is not looked up.
 */
const { charCodeAt } = String.prototype;
const codeAt = (text: string, index: number): number => charCodeAt.call(text, index);
