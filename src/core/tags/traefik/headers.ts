import { isChangeable, isFieldValue } from '../../filters/header-change.ts';
import type { Cors } from '../../model/filter.ts';
import { isHostToSend } from '../spelling.ts';
import type { Chain, FieldChanges } from './chain.ts';
import { type Label, readFlag, readList, type Section } from './labels.ts';

/** The middleware `headers`: fields of requests and responses, cross-origin requests, and what browsers are told. */
export const applyHeaders = (chain: Chain, options: Section): string | undefined => {
  for (const [key, label] of options) {
    const [option = '', name] = key.split('.');
    if (option.startsWith(CORS)) continue;
    const fault = name === undefined ? told(chain, option, label) : changed(chain, option, label);
    if (fault !== undefined) return `${label.tag}: ${fault}`;
  }
  return [...options.keys()].some(key => key.startsWith(CORS)) ? applyCors(chain, options) : undefined;
};

const CORS = 'accesscontrol';

/** A value of nothing removes the field. */
const changed = (chain: Chain, option: string, { last, value }: Label): string | undefined => {
  const isRequest = option === 'customrequestheaders';
  if (!isRequest && option !== 'customresponseheaders') return UNSUPPORTED;
  if (isRequest && last.toLowerCase() === 'host') {
    if (!isHostToSend(value)) return 'a host is a name';
    chain.host = value.toLowerCase();
    return undefined;
  }
  if (!isChangeable(last)) return 'this field belongs to the gateway';
  if (value !== '' && !isFieldValue(value)) return 'a value is visible ASCII';
  const changes = isRequest ? chain.request : chain.response;
  // The middleware that comes first is the last to see a response.
  if (isRequest || !changes.has(last.toLowerCase())) set(changes, last, value);
  return undefined;
};

const set = (changes: FieldChanges, name: string, value: string): void => {
  changes.set(name.toLowerCase(), value === '' ? undefined : [name, value]);
};

const UNSUPPORTED = 'this option of headers is not supported';

const FIXED: ReadonlyMap<string, readonly [name: string, value: string]> = new Map([
  ['framedeny', ['X-Frame-Options', 'DENY']],
  ['contenttypenosniff', ['X-Content-Type-Options', 'nosniff']],
  ['browserxssfilter', ['X-XSS-Protection', '1; mode=block']],
]);

const GIVEN: ReadonlyMap<string, string> = new Map([
  ['customframeoptionsvalue', 'X-Frame-Options'],
  ['contentsecuritypolicy', 'Content-Security-Policy'],
  ['referrerpolicy', 'Referrer-Policy'],
  ['permissionspolicy', 'Permissions-Policy'],
]);

/** What browsers are told about the response. */
const told = (chain: Chain, option: string, { value }: Label): string | undefined => {
  const fixed = FIXED.get(option);
  const given = GIVEN.get(option);
  if (fixed !== undefined) {
    const isOn = readFlag(value);
    if (isOn) chain.response.set(fixed[0].toLowerCase(), fixed);
    return isOn === undefined ? 'this is true or false' : undefined;
  }
  if (given === undefined) return UNSUPPORTED;
  if (!isFieldValue(value)) return 'a value is visible ASCII';
  set(chain.response, given, value);
  return undefined;
};

const LISTS: ReadonlyMap<string, 'origins' | 'methods' | 'headers' | 'exposed'> = new Map([
  ['accesscontrolalloworiginlist', 'origins'],
  ['accesscontrolallowmethods', 'methods'],
  ['accesscontrolallowheaders', 'headers'],
  ['accesscontrolexposeheaders', 'exposed'],
]);

const applyCors = (chain: Chain, options: Section): string | undefined => {
  let cors: Cors = { origins: [], methods: [], headers: [], exposed: [], credentials: false, maxAge: 0 };
  for (const [key, { tag, value }] of options) {
    if (!key.startsWith(CORS)) continue;
    const list = LISTS.get(key);
    if (list !== undefined) cors = { ...cors, [list]: readList(value) };
    else if (key === 'accesscontrolallowcredentials')
      cors = { ...cors, credentials: readFlag(value) === true };
    else if (key === 'accesscontrolmaxage' && /^\d{1,9}$/.test(value))
      cors = { ...cors, maxAge: Number(value) };
    else return `${tag}: ${UNSUPPORTED}`;
  }
  chain.cors.push({ type: 'cors', cors });
  return undefined;
};
