import { BALANCE_NAMES } from '../../balance/balance.ts';
import type { HashKey } from '../../model/traffic.ts';
import { readDuration } from '../../values.ts';
import { fault, type TagReader } from './reader.ts';

const readBalanceTag: TagReader = (value, read) => {
  const balance = BALANCE_NAMES.find(name => name === value.toLowerCase());
  if (balance === undefined) return fault(`the balance is one of ${BALANCE_NAMES.join(', ')}`);
  read.settings = { ...read.settings, balance };
  return undefined;
};

/** Whoever says what to hash by wants it hashed, unless another tag says otherwise. */
const readHashTag: TagReader = (value, read) => {
  const hash = readHashKey(value);
  if (hash === undefined) {
    return fault('a hash is of header:NAME, cookie:NAME, address or path, e.g. hash=header:x-user');
  }
  read.settings = { balance: 'hash', ...read.settings, hash };
  return undefined;
};

/** A cookie that callers lack is given to them. */
const readStickyTag: TagReader = (value, read) => {
  const key = readHashKey(value);
  if (key === undefined || key.of === 'path') {
    return fault('sticky is by header:NAME, cookie:NAME or address, e.g. sticky=cookie:sluice');
  }
  read.settings = { ...read.settings, sticky: { ...key, of: key.of } };
  return undefined;
};

const TOKEN = /^[!#$%&'*+.^_`|~\w-]{1,128}$/;

const readHashKey = (value: string): HashKey | undefined => {
  if (value === 'address' || value === 'path') return { of: value };
  const at = value.indexOf(':');
  const of = value.slice(0, Math.max(at, 0));
  const name = value.slice(at + 1);
  if ((of !== 'header' && of !== 'cookie') || !TOKEN.test(name)) return undefined;
  return { of, name: of === 'header' ? name.toLowerCase() : name };
};

const MOST_RETRIES = 10;

/** @returns undefined where it is no number of retries */
export const readRetries = (text: string): number | undefined => {
  const retries = /^\d{1,2}$/.test(text) ? Number(text) : MOST_RETRIES + 1;
  return retries <= MOST_RETRIES ? retries : undefined;
};

export const RETRIES_EXPECTED = `a whole number from 0 to ${MOST_RETRIES}`;

const readRetriesTag: TagReader = (value, read) => {
  const retries = readRetries(value);
  if (retries === undefined) return fault(`retries is ${RETRIES_EXPECTED}, e.g. retries=1`);
  read.settings = { ...read.settings, retries };
  return undefined;
};

const readTimeoutTag: TagReader = (value, read) => {
  const timeout = readDuration(value);
  if (timeout === undefined || timeout === 0) return fault('a timeout is a duration, e.g. timeout=2s');
  read.settings = { ...read.settings, timeout };
  return undefined;
};

/** Tags that say how a rule's traffic is handled. A bad one leaves what the process does by default. */
export const TRAFFIC_TAG_READERS: readonly (readonly [string, TagReader])[] = [
  ['balance', readBalanceTag],
  ['hash', readHashTag],
  ['sticky', readStickyTag],
  ['retries', readRetriesTag],
  ['timeout', readTimeoutTag],
];
