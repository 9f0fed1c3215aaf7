import { type Context, SpanKind, TraceFlags } from '@opentelemetry/api';
import type { Target } from '../src/core/model.ts';
import type { Where } from '../src/core/where.ts';
import { clientAttributes, endClient, foldMethod, spanName } from '../src/telemetry/http-semantics.ts';
import type { AttemptObservation } from '../src/telemetry/observer.ts';
import type { Tracing } from '../src/telemetry/tracing.ts';

export interface CallAttempt {
  readonly method: string;
  /** What the call belongs to. */
  readonly context: Context;
  readonly where: Where;
  readonly target: Target;
  /** 0 for the first attempt. */
  readonly resend: number;
}

const UNTRACED: AttemptObservation = { headers: [], end: () => {} };

/** The client span of one attempt. Ends with the head of the response: bodies are the application's to read. */
export const startCallSpan = (
  tracing: Tracing,
  { context, target, ...call }: CallAttempt,
): AttemptObservation => {
  if (!tracing.enabled) return UNTRACED;
  const span = tracing.draw(context);
  const headers = tracing.inject(context, span);
  if ((span.traceFlags & TraceFlags.SAMPLED) === 0) return { headers, end: () => {} };
  const { id: instanceId, address, port } = target.instance;
  const method = foldMethod(call.method);
  const begunAt = epochNow();
  return {
    headers,
    end: outcome => {
      const attributes = clientAttributes('sdk', method, { ...call, instanceId, address, port });
      const status = endClient(attributes, outcome);
      const name = spanName(method);
      const endedAt = epochNow();
      tracing.record({
        ...{ context: span, parent: context, name, kind: SpanKind.CLIENT },
        ...{ attributes, status, begunAt, endedAt },
      });
    },
  };
};

/** Milliseconds since the epoch, with fractions. */
const epochNow = (): number => performance.timeOrigin + performance.now();
