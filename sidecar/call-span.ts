import { type Context, SpanKind, trace } from '@opentelemetry/api';
import type { Target } from '../src/core/model.ts';
import { clientAttributes, clientEnding, foldMethod } from '../src/telemetry/http-semantics.ts';
import type { AttemptOutcome } from '../src/telemetry/observer.ts';
import type { Tracing } from '../src/telemetry/tracing.ts';

export interface CallTry {
  readonly method: string;
  /** What the call belongs to. */
  readonly context: Context;
  readonly route: string;
  readonly service: string;
  readonly target: Target;
  /** 0 for the first try. */
  readonly resend: number;
}

export interface CallSpan {
  /** Trace context for the instance: name, value, name, value … */
  readonly headers: readonly string[];
  /** To be called once. */
  end(outcome: AttemptOutcome): void;
}

const NOTHING: CallSpan = { headers: [], end: () => {} };

/** The client span of one try. Ends with the head of the response: bodies are the application's to read. */
export const startCallSpan = (tracing: Tracing, { context, target, ...call }: CallTry): CallSpan => {
  if (!tracing.enabled) return NOTHING;
  const { instance, version } = target;
  const method = foldMethod(call.method);
  const attributes = clientAttributes('sdk', method, {
    ...call,
    version,
    instanceId: instance.id,
    address: instance.address,
    port: instance.port,
  });
  const name = method === '_OTHER' ? 'HTTP' : method;
  const span = tracing.tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, context);
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
