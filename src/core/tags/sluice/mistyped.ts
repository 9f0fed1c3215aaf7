import { distance } from '../../distance.ts';
import type { TagProblem } from '../dialect.ts';
import { nothingRead } from './reader.ts';
import { TAG_READERS } from './readers.ts';

/** Keys that expose an instance. */
const PLACES = ['path', 'exact', 'host'];

/** Keys that an instance may have several tags of. */
const REPEATABLE = [...PLACES, 'method', 'header', 'query', 'rate-limit', 'auth-fields'];

/** What stands in the value, or else the tag is as likely somebody else's: `hot=yes`, `heater=1`, `stripe=true`. */
const TELLTALES: ReadonlyMap<string, string> = new Map([
  ['path', '/'],
  ['exact', '/'],
  ['strip', '/'],
  ['rewrite', '/'],
  ['host', '.'],
  ['header', ':'],
  ['query', ':'],
  ['rate-limit', '/'],
]);

interface Meant {
  readonly tag: string;
  readonly key: string;
  readonly value: string;
}

/**
 * Tags that are not read and were probably meant to be: the key is nearly one of ours (`pth=/orders`), or one of ours with
 * another mark behind it (`path/orders`, `version:v2`). Most tags of a catalog are other people's, so one is named only
 * where its value is what the key would take, and where it says a path or a host, or stands on an instance that has one
 * and does not say the same thing rightly, too.
 *
 * @param said the tags of ours that the instance has, by their keys
 */
export const mistypedTags = (
  tags: readonly string[],
  tagPrefix: string,
  said: ReadonlyMap<string, string>,
): TagProblem[] => {
  const prefix = tagPrefix.toLowerCase();
  const found = tags.flatMap(tag => meantBy(tag, prefix) ?? []);
  const isPlace = ({ key, value }: Meant): boolean => PLACES.includes(key) && value !== '';
  const isOurs = PLACES.some(key => said.has(key)) || found.some(isPlace);
  return found
    .filter(meant => isPlace(meant) || (isOurs && (REPEATABLE.includes(meant.key) || !said.has(meant.key))))
    .map(({ tag, key, value }) => ({
      tag,
      reason: `it is not read; if it is meant for Sluice, write ${prefix}${key}=${value === '' ? '…' : value}`,
      fatal: false,
      isGuess: true,
    }));
};

const meantBy = (tag: string, prefix: string): Meant | undefined => {
  const text = tag.trim();
  const at = text.indexOf('=');
  const name = text.slice(0, Math.max(at, 0)).trim().toLowerCase();
  const value = text.slice(at + 1).trim();
  for (const key of TAG_READERS.keys()) {
    const known = prefix + key;
    // Hardly ever the first letter is the wrong one, and "height" and "leader" are other words.
    if (text[0]?.toLowerCase() !== known[0]) continue;
    if (isNear(name, known, key) && fits(key, value)) return { tag, key, value };
    const behind = behindOtherMark(text, known);
    if (behind !== undefined && fits(key, behind)) return { tag, key, value: behind };
  }
  return undefined;
};

/** One letter off, two in a long word. */
const isNear = (name: string, known: string, key: string): boolean => {
  // Any word is a good version, and "vision" is one.
  const most = key.length > 6 && key !== 'version' ? 2 : 1;
  return Math.abs(name.length - known.length) <= most && distance(name, known) <= most;
};

/** The value in `path/orders`, `path->/orders`, `path:/orders`, `version:v2`, `version v2`; but not in `version-2`. */
const behindOtherMark = (tag: string, known: string): string | undefined => {
  if (tag.slice(0, known.length).toLowerCase() !== known) return undefined;
  return /^(?:\s*:\s*|\s+|[^\p{L}\p{N}=]*(?=\/))(.*)$/u.exec(tag.slice(known.length))?.[1];
};

const fits = (key: string, value: string): boolean =>
  value === '' ||
  (value.includes(TELLTALES.get(key) ?? '') && TAG_READERS.get(key)?.(value, nothingRead()) === undefined);
