import type { AccessFilter } from '../../model/filter.ts';
import { isBlock } from '../spelling.ts';
import { fault, type TagReader, type TagsRead } from './reader.ts';

/** Without the protection that a bad one asks for, nobody is served. */
const readAccessTag =
  (key: 'allow' | 'deny'): TagReader =>
  (value, read) => {
    const blocks = value.split(',').map(block => block.trim());
    if (!blocks.every(isBlock)) {
      read.hadBadGuard = true;
      return fault(
        `${key} takes addresses or CIDR blocks, e.g. ${key}=10.0.0.0/8,2001:db8::/32; until it does, nobody is served by this instance`,
      );
    }
    read[key].push(...blocks);
    return undefined;
  };

export const ACCESS_TAG_READERS: readonly (readonly [string, TagReader])[] = [
  ['allow', readAccessTag('allow')],
  ['deny', readAccessTag('deny')],
];

/** Who may pass, by all tags of an instance together; nothing where everybody may. */
export const accessOf = ({ allow, deny }: TagsRead): AccessFilter[] =>
  allow.length + deny.length === 0
    ? []
    : [
        {
          type: 'access',
          ...(allow.length === 0 ? {} : { allow }),
          ...(deny.length === 0 ? {} : { deny }),
        },
      ];
