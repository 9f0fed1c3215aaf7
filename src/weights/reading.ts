import type { LedgerEntry } from '../core/model/weights.ts';
import type { RawReading } from '../redis/scripts.ts';
import { parseEntry } from './ledger.ts';

/** What one look at Redis showed of one service, at one moment. */
export interface Reading {
  /** Redis' type of the key of the weights; `none` where there is no key. */
  readonly type: string;
  /** Empty where there is no hash, or one that is too large to be read. */
  readonly fields: readonly (readonly [version: string, weight: string])[];
  /** Number of fields of the hash. */
  readonly size: number;
  /** Redis' type of the key of the ledger. */
  readonly ledgerType: string;
  readonly last?: LedgerEntry;
  /** The hash is not what the ledger's last entry says: somebody changed it by hand. */
  readonly byHand: boolean;
  /** Milliseconds until weights that were set for a time go back: 0 when that is due. */
  readonly untilRevert?: number;
}

export const toReading = (raw: RawReading): Reading => {
  const [type, flat, size, ledgerType, lastFields, byHand, untilRevert] = raw;
  const fields: [string, string][] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) fields.push([flat[i] ?? '', flat[i + 1] ?? '']);
  const last = parseEntry(lastFields);
  return {
    ...{ type, fields, size, ledgerType, byHand: byHand === 1 },
    ...(last === undefined ? {} : { last }),
    ...(untilRevert < 0 ? {} : { untilRevert }),
  };
};
