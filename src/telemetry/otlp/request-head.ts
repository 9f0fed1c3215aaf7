import type { Attributes } from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import { writeAttribute } from './attributes.ts';
import { ProtobufWriter } from './protobuf.ts';

/**
 * A message up to its spans: one ResourceSpans with one ScopeSpans (opentelemetry-proto, trace/v1/trace.proto,
 * whose field numbers stand here).
 *
 * @returns the bytes that go before `size` bytes of spans
 */
export const createRequestHead = (
  resource: Resource,
  scope: InstrumentationScope,
): ((size: number) => Buffer) => {
  const owner = new ProtobufWriter();
  const described = owner.begin(1);
  writeAttributes(owner, resource.attributes);
  owner.end(described);
  if (resource.schemaUrl) owner.string(3, resource.schemaUrl);

  const maker = new ProtobufWriter();
  const named = maker.begin(1);
  maker.string(1, scope.name);
  if (scope.version) maker.string(2, scope.version);
  maker.end(named);
  if (scope.schemaUrl) maker.string(3, scope.schemaUrl);

  return size => {
    const scoped = new ProtobufWriter(16);
    scoped.head(2, maker.length + size);
    const message = new ProtobufWriter(16);
    message.head(1, owner.length + scoped.length + maker.length + size);
    return Buffer.concat([message.bytes(), owner.bytes(), scoped.bytes(), maker.bytes()]);
  };
};

const writeAttributes = (to: ProtobufWriter, attributes: Attributes): void => {
  for (const [key, value] of Object.entries(attributes)) writeAttribute(to, 1, key, value);
};
