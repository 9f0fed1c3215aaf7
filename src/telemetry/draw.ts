import { type SpanContext, TraceFlags } from '@opentelemetry/api';
import type { Ids } from './ids.ts';
import type { Sample } from './sampling.ts';

/**
 * A span at its beginning: no more than ids and a decision, which is all that the next hop must know. What is
 * recorded is told whole at its end; so one that is not sampled costs hardly anything.
 *
 * @param parent absent where a trace begins
 */
export type Draw = (parent: SpanContext | undefined) => SpanContext;

export const createDraw =
  (sample: Sample, ids: Ids): Draw =>
  parent => {
    const traceId = parent === undefined ? ids.trace() : parent.traceId;
    const spanId = ids.span();
    const traceFlags = sample(parent, traceId) ? TraceFlags.SAMPLED : TraceFlags.NONE;
    return parent?.traceState === undefined
      ? { traceId, spanId, traceFlags }
      : { traceId, spanId, traceFlags, traceState: parent.traceState };
  };
