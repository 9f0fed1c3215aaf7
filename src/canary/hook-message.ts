/** What a webhook is sent, as JSON by POST. Changes only by adding. */
export interface HookMessage {
  readonly kind: 'before' | 'after';
  readonly service: string;
  /** Of the rollout. */
  readonly id: string;
  readonly to: string;
  /** From 1; absent at the end. */
  readonly step?: number;
  readonly steps: readonly number[];
  /** The version's share by that step, in [0, 1]. */
  readonly share?: number;
  readonly outcome?: string;
  readonly why: string;
}

/** The same for the same message, however often it is sent and by whom. */
export const messageKey = ({ id, kind, step }: HookMessage): string => `${id}-${kind}-${step ?? 'end'}`;
