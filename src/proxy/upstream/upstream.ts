import type { CallCarrier, UpstreamCall } from './call.ts';

/** The ways to one instance, in the protocol that it is spoken to. */
export interface Upstream {
  /** Connections that are idle, busy or being made. */
  readonly size: number;
  /** Whether it takes a call now. */
  readonly hasRoom: boolean;
  /** Only where there is room. The call may fail before this returns. */
  send(call: UpstreamCall): CallCarrier;
  /** Called now and then. @param now on performance.now()'s scale */
  closeStale(now: number): void;
  /** No connection outlives its requests. */
  release(): void;
  /** Cuts whatever still runs. No call is told. */
  closeAll(): void;
}
