import { isAddressBlock } from '../address-set.ts';
import type { AccessFilter } from '../model/filter.ts';
import type { Field } from './field.ts';

const MOST_BLOCKS = 1_000;

/** A filter of ours: the Gateway API has none by address. */
export const readAccess = (field: Field): AccessFilter | undefined => {
  const of = field.object('allow', 'deny');
  const allow = of.allow && readBlocks(of.allow);
  const deny = of.deny && readBlocks(of.deny);
  if (allow === undefined && deny === undefined) {
    return field.missing('allow', 'addresses or CIDR blocks of who may pass, or deny of who may not');
  }
  return {
    type: 'access',
    ...(allow === undefined ? {} : { allow }),
    ...(deny === undefined ? {} : { deny }),
  };
};

const readBlocks = (field: Field): readonly string[] =>
  field.list(MOST_BLOCKS).flatMap(item => {
    const expected = 'an address or a CIDR block, e.g. 10.0.0.0/8';
    const text = item.text({ most: 64, expected });
    if (text === undefined || isAddressBlock(text)) return text ?? [];
    item.error(`expected ${expected}, not "${text}"`);
    return [];
  });
