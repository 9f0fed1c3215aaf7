import { randomFillSync } from 'node:crypto';
import { INVALID_SPANID, INVALID_TRACEID } from '@opentelemetry/api';

/** Ids of traces and spans, lower-case hexadecimal. */
export interface Ids {
  trace(): string;
  span(): string;
}

const POOL = 4096;

/** A call for randomness costs more than an id is long, so one serves hundreds. */
export const createIds = (fill: (pool: Buffer) => void = randomFillSync): Ids => {
  const pool = Buffer.allocUnsafe(POOL);
  let digits = '';
  let at = 0;

  const draw = (length: number): string => {
    if (at + length > digits.length) {
      fill(pool);
      digits = pool.toString('hex');
      at = 0;
    }
    at += length;
    return digits.slice(at - length, at);
  };
  /** All zeros is the one id that is none. */
  const drawBut = (none: string): string => {
    for (;;) {
      const id = draw(none.length);
      if (id !== none) return id;
    }
  };
  return { trace: () => drawBut(INVALID_TRACEID), span: () => drawBut(INVALID_SPANID) };
};
