import protobuf from 'protobufjs';

/** One span as it came over the wire. */
export interface ReceivedSpan {
  /** Hex, lower case. */
  readonly traceId: string;
  readonly spanId: string;
  /** Absent for a root. */
  readonly parentSpanId?: string;
  readonly traceState: string;
  readonly name: string;
  readonly kind: SpanKindName;
  readonly startNanos: bigint;
  readonly endNanos: bigint;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly status: 'UNSET' | 'OK' | 'ERROR';
  readonly statusMessage: string;
  readonly events: readonly { name: string; attributes: Readonly<Record<string, AttributeValue>> }[];
  /** Attributes of the resource: the process that made the span. */
  readonly resource: Readonly<Record<string, AttributeValue>>;
  /** Name of the instrumentation scope. */
  readonly scope: string;
}

export type AttributeValue = string | number | boolean | null | readonly AttributeValue[];

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'] as const;

export type SpanKindName = (typeof KINDS)[number];

const STATUSES = ['UNSET', 'OK', 'ERROR'] as const;

/** The part of OTLP 1.x that tests read, by the field numbers of its specification. */
const SCHEMA = `
  syntax = "proto3";
  message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message ScopeSpans { InstrumentationScope scope = 1; repeated Span spans = 2; }
  message InstrumentationScope { string name = 1; string version = 2; }
  message Span {
    bytes trace_id = 1;
    bytes span_id = 2;
    string trace_state = 3;
    bytes parent_span_id = 4;
    string name = 5;
    int32 kind = 6;
    fixed64 start_time_unix_nano = 7;
    fixed64 end_time_unix_nano = 8;
    repeated KeyValue attributes = 9;
    repeated Event events = 11;
    Status status = 15;
    fixed32 flags = 16;
  }
  message Event { fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; }
  message Status { string message = 2; int32 code = 3; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue {
    oneof value {
      string string_value = 1;
      bool bool_value = 2;
      int64 int_value = 3;
      double double_value = 4;
      ArrayValue array_value = 5;
    }
  }
  message ArrayValue { repeated AnyValue values = 1; }
`;

const Request = protobuf.parse(SCHEMA).root.lookupType('ExportTraceServiceRequest');

interface WireValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: string;
  readonly doubleValue?: number;
  readonly arrayValue?: { readonly values: readonly WireValue[] };
}

type WireAttributes = readonly { readonly key: string; readonly value: WireValue | null }[];

interface WireSpan {
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
  readonly parentSpanId: Uint8Array;
  readonly traceState: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: WireAttributes;
  readonly events: readonly { readonly name: string; readonly attributes: WireAttributes }[];
  readonly status: { readonly message: string; readonly code: number } | null;
}

interface WireRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: WireAttributes } | null;
    readonly scopeSpans: readonly {
      readonly scope: { readonly name: string } | null;
      readonly spans: readonly WireSpan[];
    }[];
  }[];
}

/** @throws where the bytes are no ExportTraceServiceRequest, or hold a span without proper ids */
export const decodeTraces = (bytes: Uint8Array): ReceivedSpan[] => {
  const request = Request.toObject(Request.decode(bytes), {
    longs: String,
    defaults: true,
    arrays: true,
    oneofs: false,
  }) as WireRequest;
  return request.resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const attributes = readAttributes(resource?.attributes ?? []);
    return scopeSpans.flatMap(({ scope, spans }) =>
      spans.map(span => readSpan(span, attributes, scope?.name ?? '')),
    );
  });
};

const readSpan = (span: WireSpan, resource: ReceivedSpan['resource'], scope: string): ReceivedSpan => {
  const parent = hex(span.parentSpanId);
  return {
    traceId: id(span.traceId, 16),
    spanId: id(span.spanId, 8),
    ...(parent === '' ? {} : { parentSpanId: parent }),
    traceState: span.traceState,
    name: span.name,
    kind: KINDS[span.kind] ?? 'UNSPECIFIED',
    startNanos: BigInt(span.startTimeUnixNano),
    endNanos: BigInt(span.endTimeUnixNano),
    attributes: readAttributes(span.attributes),
    status: STATUSES[span.status?.code ?? 0] ?? 'UNSET',
    statusMessage: span.status?.message ?? '',
    events: span.events.map(event => ({ name: event.name, attributes: readAttributes(event.attributes) })),
    resource,
    scope,
  };
};

const readAttributes = (attributes: WireAttributes): Record<string, AttributeValue> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, readValue(value)]));

const readValue = (value: WireValue | null): AttributeValue => {
  if (value?.stringValue !== undefined) return value.stringValue;
  if (value?.boolValue !== undefined) return value.boolValue;
  if (value?.intValue !== undefined) return Number(value.intValue);
  if (value?.doubleValue !== undefined) return value.doubleValue;
  if (value?.arrayValue !== undefined) return value.arrayValue.values.map(readValue);
  return null;
};

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const id = (bytes: Uint8Array, length: number): string => {
  if (bytes.length !== length || bytes.every(byte => byte === 0)) {
    throw new Error(`an id of ${bytes.length} bytes, or all zero, where ${length} are due`);
  }
  return hex(bytes);
};
