import { ProtobufWriter } from './protobuf.ts';

const TWO_63 = 2 ** 63;

/** One KeyValue (opentelemetry-proto, common/v1/common.proto, whose field numbers stand here). */
export const writeAttribute = (to: ProtobufWriter, field: number, key: string, value: unknown): void => {
  const start = to.begin(field);
  to.string(1, key);
  const any = to.begin(2);
  writeValue(to, value);
  to.end(any);
  to.end(start);
};

/** The content of an AnyValue; nothing for `null`, a gap in a list. */
const writeValue = (to: ProtobufWriter, value: unknown): void => {
  if (typeof value === 'string') to.string(1, value);
  else if (typeof value === 'boolean') to.uint32(2, value ? 1 : 0);
  else if (typeof value === 'number') writeNumber(to, value);
  else if (Array.isArray(value)) writeList(to, value);
};

/** JavaScript has one kind of number: a whole one is an integer as far as 64 bits go. */
const writeNumber = (to: ProtobufWriter, value: number): void => {
  if (Number.isInteger(value) && value >= -TWO_63 && value < TWO_63) to.int64(3, value);
  else to.double(4, value);
};

const writeList = (to: ProtobufWriter, values: readonly unknown[]): void => {
  const list = to.begin(5);
  for (const value of values) {
    const start = to.begin(1);
    writeValue(to, value);
    to.end(start);
  }
  to.end(list);
};

/** The name of an attribute as it stands in a KeyValue. */
export type AttributeKey = Uint8Array;

export const attributeKey = (name: string): AttributeKey => {
  const to = new ProtobufWriter(64);
  to.string(1, name);
  return to.bytes();
};
