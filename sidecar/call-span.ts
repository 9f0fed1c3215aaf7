import { TraceFlags } from '@opentelemetry/api';
import type { Target } from '../src/core/model/rule.ts';
import type { Where } from '../src/core/model/where.ts';
import { foldMethod } from '../src/telemetry/http-semantics.ts';
import type { HttpSpans } from '../src/telemetry/http-spans.ts';
import type { AttemptObservation, AttemptOutcome, AttemptStart } from '../src/telemetry/observer.ts';
import type { DrawnSpan } from '../src/telemetry/otlp/span-writer.ts';
import type { Caller } from '../src/telemetry/propagation.ts';
import type { Tracing } from '../src/telemetry/tracing.ts';

export interface CallAttempt {
  readonly method: string;
  /** Whom the call belongs to. */
  readonly caller: Caller;
  readonly where: Where;
  readonly target: Target;
  /** 0 for the first attempt. */
  readonly resend: number;
}

const UNTRACED: AttemptObservation = { headers: [], end: () => {} };

/** The client span of one attempt. Ends with the head of the response: bodies are the application's to read. */
export const startCallSpan = (
  tracing: Tracing,
  spans: HttpSpans,
  { caller, target, ...call }: CallAttempt,
): AttemptObservation => {
  if (!tracing.enabled) return UNTRACED;
  const context = tracing.draw(caller.span);
  const headers = tracing.inject(caller, context);
  if ((context.traceFlags & TraceFlags.SAMPLED) === 0) return { headers, end: () => {} };
  const { id: instanceId, address, port } = target.instance;
  const method = foldMethod(call.method);
  const start: AttemptStart = { ...call, instanceId, address, port };
  const span: DrawnSpan<AttemptOutcome> = {
    context,
    parent: caller.span,
    begunAt: epochNow(),
    describe: (to, outcome) => spans.attempt(to, method, start, outcome),
  };
  return { headers, end: outcome => tracing.record(span, outcome, epochNow()) };
};

/** Milliseconds since the epoch, with fractions. */
const epochNow = (): number => performance.timeOrigin + performance.now();
