import type { ReceivedSpan } from '../../test/support/otlp-decode.ts';

/** One trace, as far as it has come in. */
export interface Trace {
  readonly id: string;
  readonly spans: readonly ReceivedSpan[];
}

/** Every process sends its spans once a second, so a trace is whole when it has been quiet for longer than that. */
const QUIET = 1_500;
const KEPT = 500;

/** The newest traces, put together from spans that come in from several processes. */
export class Traces {
  /** In the order in which they began to come in. */
  readonly #traces = new Map<string, { spans: ReceivedSpan[]; touched: number }>();

  /** @param now monotonic milliseconds */
  add(spans: readonly ReceivedSpan[], now: number): void {
    for (const span of spans) {
      const trace = this.#traces.get(span.traceId) ?? { spans: [], touched: now };
      trace.spans.push(span);
      trace.touched = now;
      this.#traces.set(span.traceId, trace);
    }
    for (const id of this.#traces.keys()) {
      if (this.#traces.size <= KEPT) break;
      this.#traces.delete(id);
    }
  }

  /** Whole ones only. */
  get(id: string, now: number): Trace | undefined {
    const trace = this.#traces.get(id);
    if (trace === undefined || now - trace.touched < QUIET || rootsOf(trace.spans).length !== 1)
      return undefined;
    return { id, spans: trace.spans };
  }

  /** Of all, or of those that a version had a part in. */
  newest(now: number, version?: string): Trace | undefined {
    const whole = [...this.#traces.keys()].flatMap(id => this.get(id, now) ?? []);
    return whole
      .filter(
        ({ spans }) =>
          version === undefined || spans.some(span => span.attributes['sluice.version'] === version),
      )
      .sort((a, b) => Number(startOf(b) - startOf(a)))[0];
  }
}

/** Spans whose parent is not there: the caller's own, where it has one, never is. */
const rootsOf = (spans: readonly ReceivedSpan[]): ReceivedSpan[] => {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  return spans.filter(({ parentSpanId }) => parentSpanId === undefined || !ids.has(parentSpanId));
};

const startOf = ({ spans }: Trace): bigint => rootsOf(spans)[0]?.startNanos ?? 0n;

/** The trace as an indented tree, one span a line. */
export const traceTree = (trace: Trace): string => {
  const began = startOf(trace);
  const rows = rootsOf(trace.spans).flatMap(root => branch(trace.spans, root, '', '', began));
  const widths = HEADINGS.map((heading, i) =>
    Math.max(heading.length, ...rows.map(row => row[i]?.length ?? 0)),
  );
  const lines = [HEADINGS, ...rows].map(row =>
    row
      .map((cell, i) => (isNumber(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  return [`trace ${trace.id}, ${trace.spans.length} spans`, '', ...lines, ''].join('\n');
};

const HEADINGS = ['WHO', 'HOP', 'KIND', 'ROUTE', 'SERVICE', 'VERSION', 'STATUS', 'START', 'DURATION'];

const isNumber = (column: number): boolean => column >= HEADINGS.length - 2;

/** @param lead what stands before this span, @param under before those below it */
const branch = (
  spans: readonly ReceivedSpan[],
  span: ReceivedSpan,
  lead: string,
  under: string,
  began: bigint,
): string[][] => {
  const children = spans
    .filter(({ parentSpanId }) => parentSpanId === span.spanId)
    .sort((a, b) => Number(a.startNanos - b.startNanos));
  return [
    cellsOf(span, lead, began),
    ...children.flatMap((child, i) => {
      const isLast = i === children.length - 1;
      return branch(
        spans,
        child,
        `${under}${isLast ? '└─' : '├─'} `,
        `${under}${isLast ? '   ' : '│  '}`,
        began,
      );
    }),
  ];
};

const cellsOf = (span: ReceivedSpan, lead: string, began: bigint): string[] => {
  const attribute = (name: string): string => String(span.attributes[name] ?? '');
  return [
    lead + String(span.resource['service.name'] ?? ''),
    attribute('sluice.hop'),
    span.kind.toLowerCase(),
    attribute('sluice.route'),
    attribute('sluice.service'),
    attribute('sluice.version'),
    attribute('http.response.status_code') || attribute('error.type'),
    `+${milliseconds(span.startNanos - began)}`,
    milliseconds(span.endNanos - span.startNanos),
  ];
};

const milliseconds = (nanos: bigint): string => `${(Number(nanos) / 1e6).toFixed(1)} ms`;
