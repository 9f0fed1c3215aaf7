import { type Context, SpanKind, trace } from '@opentelemetry/api';
import type { Target } from '../src/core/model.ts';
import { clientAttributes, clientEnding, foldMethod, spanName } from '../src/telemetry/http-semantics.ts';
import type { AttemptObservation } from '../src/telemetry/observer.ts';
import type { Tracing } from '../src/telemetry/tracing.ts';

export interface CallAttempt {
  readonly method: string;
  /** What the call belongs to. */
  readonly context: Context;
  readonly route: string;
  readonly service: string;
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
  const { instance, version } = target;
  const method = foldMethod(call.method);
  const attributes = clientAttributes('sdk', method, {
    ...call,
    version,
    instanceId: instance.id,
    address: instance.address,
    port: instance.port,
  });
  const span = tracing.tracer.startSpan(spanName(method), { kind: SpanKind.CLIENT, attributes }, context);
  return {
    headers: tracing.inject(trace.setSpan(context, span)),
    end: outcome => {
      const ending = clientEnding(outcome);
      span.setAttributes(ending.attributes);
      if (ending.status !== undefined) span.setStatus(ending.status);
      span.end();
    },
  };
};
