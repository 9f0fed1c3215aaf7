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
  readonly events: readonly ReceivedEvent[];
  readonly links: readonly ReceivedLink[];
  /** Of attributes, events and links: what the limits of the SDK left out. */
  readonly dropped: readonly number[];
  readonly flags: number;
  /** Attributes of the resource: the process that made the span. */
  readonly resource: Readonly<Record<string, AttributeValue>>;
  /** Name of the instrumentation scope. */
  readonly scope: string;
}

export interface ReceivedEvent {
  readonly name: string;
  readonly nanos: bigint;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly dropped: number;
}

export interface ReceivedLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState: string;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly dropped: number;
  readonly flags: number;
}

export type AttributeValue = string | number | boolean | null | readonly AttributeValue[];

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'] as const;

export type SpanKindName = (typeof KINDS)[number];

const STATUSES = ['UNSET', 'OK', 'ERROR'] as const;

/** OTLP 1.x by the field numbers of its specification; entities and profiles are left out. */
const SCHEMA = `
  syntax = "proto3";
  message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
  message ExportTraceServiceResponse { ExportTracePartialSuccess partial_success = 1; }
  message ExportTracePartialSuccess { int64 rejected_spans = 1; string error_message = 2; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; string schema_url = 3; }
  message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
  message ScopeSpans { InstrumentationScope scope = 1; repeated Span spans = 2; string schema_url = 3; }
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
    uint32 dropped_attributes_count = 10;
    repeated Event events = 11;
    uint32 dropped_events_count = 12;
    repeated Link links = 13;
    uint32 dropped_links_count = 14;
    Status status = 15;
    fixed32 flags = 16;
  }
  message Event {
    fixed64 time_unix_nano = 1;
    string name = 2;
    repeated KeyValue attributes = 3;
    uint32 dropped_attributes_count = 4;
  }
  message Link {
    bytes trace_id = 1;
    bytes span_id = 2;
    string trace_state = 3;
    repeated KeyValue attributes = 4;
    uint32 dropped_attributes_count = 5;
    fixed32 flags = 6;
  }
  message Status { string message = 2; int32 code = 3; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue {
    oneof value {
      string string_value = 1;
      bool bool_value = 2;
      int64 int_value = 3;
      double double_value = 4;
      ArrayValue array_value = 5;
      KeyValueList kvlist_value = 6;
      bytes bytes_value = 7;
    }
  }
  message ArrayValue { repeated AnyValue values = 1; }
  message KeyValueList { repeated KeyValue values = 1; }
`;

const { root } = protobuf.parse(SCHEMA);
const Request = root.lookupType('ExportTraceServiceRequest');
const Response = root.lookupType('ExportTraceServiceResponse');

/** What a receiver answers that did not take all. */
export const encodePartialSuccess = (rejectedSpans: number, errorMessage: string): Uint8Array =>
  Response.encode({ partialSuccess: { rejectedSpans, errorMessage } }).finish();

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
  readonly droppedAttributesCount: number;
  readonly events: readonly {
    readonly timeUnixNano: string;
    readonly name: string;
    readonly attributes: WireAttributes;
    readonly droppedAttributesCount: number;
  }[];
  readonly droppedEventsCount: number;
  readonly links: readonly {
    readonly traceId: Uint8Array;
    readonly spanId: Uint8Array;
    readonly traceState: string;
    readonly attributes: WireAttributes;
    readonly droppedAttributesCount: number;
    readonly flags: number;
  }[];
  readonly droppedLinksCount: number;
  readonly flags: number;
  readonly status: { readonly message: string; readonly code: number } | null;
}

export interface WireRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: WireAttributes } | null;
    readonly scopeSpans: readonly {
      readonly scope: { readonly name: string } | null;
      readonly spans: readonly WireSpan[];
    }[];
  }[];
}

/** Every field, defaults included. @throws where the bytes are no ExportTraceServiceRequest */
export const decodeRequest = (bytes: Uint8Array): WireRequest =>
  Request.toObject(Request.decode(bytes), {
    longs: String,
    defaults: true,
    arrays: true,
    oneofs: false,
  }) as WireRequest;

/** @throws where the bytes are no ExportTraceServiceRequest, or hold a span without proper ids */
export const decodeTraces = (bytes: Uint8Array): ReceivedSpan[] => {
  const request = decodeRequest(bytes);
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
    events: span.events.map(event => ({
      name: event.name,
      nanos: BigInt(event.timeUnixNano),
      attributes: readAttributes(event.attributes),
      dropped: event.droppedAttributesCount,
    })),
    links: span.links.map(link => ({
      traceId: id(link.traceId, 16),
      spanId: id(link.spanId, 8),
      traceState: link.traceState,
      attributes: readAttributes(link.attributes),
      dropped: link.droppedAttributesCount,
      flags: link.flags,
    })),
    dropped: [span.droppedAttributesCount, span.droppedEventsCount, span.droppedLinksCount],
    flags: span.flags,
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
