/** What a receiver did not take of what it accepted (ExportTracePartialSuccess in trace_service.proto). */
export interface PartialSuccess {
  readonly rejected: number;
  readonly reason: string;
}

/**
 * Reads an ExportTraceServiceResponse. One that is empty, or can't be read, has no complaints: it came with a
 * status that says success.
 */
export const readPartialSuccess = (body: Uint8Array): PartialSuccess => {
  let rejected = 0;
  let reason = '';
  for (const { field, bytes } of fieldsOf(body)) {
    if (field !== 1) continue;
    for (const inner of fieldsOf(bytes)) {
      if (inner.field === 1) rejected = inner.number;
      else if (inner.field === 2) reason = Buffer.from(inner.bytes).toString();
    }
  }
  return { rejected, reason };
};

interface Field {
  readonly field: number;
  /** Of a varint. */
  readonly number: number;
  /** Of anything else. */
  readonly bytes: Uint8Array;
}

const NOTHING = new Uint8Array();

/** Bytes of each wire type (protobuf.dev/programming-guides/encoding): fixed64 and fixed32. */
const FIXED: Readonly<Record<number, number>> = { 1: 8, 5: 4 };

/** The fields of a message, up to the first that is broken. */
const fieldsOf = function* (message: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; at < message.length; scale *= 128) {
      const byte = message[at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    return Number.NaN;
  };
  while (at < message.length) {
    const tag = varint();
    const field = Math.floor(tag / 8);
    const wireType = tag % 8;
    if (wireType === 0) {
      const number = varint();
      if (Number.isNaN(number)) return;
      yield { field, number, bytes: NOTHING };
      continue;
    }
    const size = wireType === 2 ? varint() : (FIXED[wireType] ?? Number.NaN);
    if (!(at + size <= message.length)) return;
    yield { field, number: 0, bytes: message.subarray(at, at + size) };
    at += size;
  }
};
