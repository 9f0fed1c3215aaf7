import type { Query } from '../blocking.ts';
import { ApiError } from '../errors.ts';
import type { KvEntry, KvStore } from '../kv-store.ts';
import type { Answer, Route } from '../routing.ts';
import { isSet } from './params.ts';

const PATH = '/v1/kv/';

/** `/v1/kv/…`: plain reads, writes and deletes, without locks, sessions or check-and-set. */
export const kvRoutes = (kv: KvStore): Route[] => [
  {
    method: 'GET',
    path: PATH,
    handle: ({ rest: key, params }): Query<Answer> => {
      const keys = isSet(params, 'keys');
      const prefixed = keys || isSet(params, 'recurse');
      if (key === '' && !prefixed) throw new ApiError(400, 'Missing key name');
      const read = (): KvEntry[] => (prefixed ? kv.under(key) : [kv.get(key)].filter(e => e !== undefined));
      return {
        topic: 'kv',
        index: () => (prefixed ? kv.indexUnder(key) : (kv.get(key)?.ModifyIndex ?? kv.indexUnder(''))),
        answer: () => {
          const entries = read();
          const [first] = entries;
          if (first === undefined) return { status: 404 };
          if (keys) return { json: keysUpTo(entries, key, params.get('separator') ?? '') };
          return isSet(params, 'raw') ? { raw: first.value } : { json: entries.map(kvPair) };
        },
      };
    },
  },
  {
    method: 'PUT',
    path: PATH,
    handle: ({ rest: key, params, body }) => {
      refuseUnsupported(params);
      if (key === '') throw new ApiError(400, 'Missing key name');
      const flags = params.get('flags') ?? '0';
      if (!/^\d+$/.test(flags)) throw new ApiError(400, `Invalid value for flags: ${flags}`);
      kv.put(key, body, Number(flags));
      return { json: true };
    },
  },
  {
    method: 'DELETE',
    path: PATH,
    handle: ({ rest: key, params }) => {
      refuseUnsupported(params);
      const prefixed = isSet(params, 'recurse');
      if (key === '' && !prefixed) throw new ApiError(400, 'Missing key name');
      kv.delete(prefixed ? kv.under(key).map(entry => entry.key) : [key]);
      return { json: true };
    },
  },
];

/** Done without its condition, a conditional write would do harm. */
const refuseUnsupported = (params: URLSearchParams): void => {
  const name = ['cas', 'acquire', 'release'].find(param => params.has(param));
  if (name === undefined) return;
  throw new ApiError(400, `The embedded agent does not support ?${name}: use a real Consul agent`);
};

/** Each key up to and with the separator, once. */
const keysUpTo = (entries: readonly KvEntry[], prefix: string, separator: string): string[] => {
  const cut = (key: string): string => {
    const at = separator === '' ? -1 : key.indexOf(separator, prefix.length);
    return at < 0 ? key : key.slice(0, at + separator.length);
  };
  return [...new Set(entries.map(({ key }) => cut(key)))];
};

const kvPair = ({ key, value, flags, CreateIndex, ModifyIndex }: KvEntry): unknown => ({
  LockIndex: 0,
  Key: key,
  Flags: flags,
  Value: value.length === 0 ? null : value.toString('base64'),
  CreateIndex,
  ModifyIndex,
});
