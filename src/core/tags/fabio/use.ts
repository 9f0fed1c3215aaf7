import type { Filter, PathChange } from '../../model/filter.ts';
import { formatHostPort } from '../../values.ts';
import type { InstanceUse, TagSource } from '../dialect.ts';
import { isHostToSend, readText } from '../spelling.ts';
import type { Options } from './options.ts';
import type { Reason } from './route.ts';

/** What is sent to the instance: `strip`, `prepend` and `host`. */
export const readUse = (options: Options, source: TagSource): InstanceUse | Reason => {
  const strip = readTextOption(options, 'strip');
  const prepend = readTextOption(options, 'prepend');
  const host = readHost(options, source);
  if (strip === BAD || prepend === BAD)
    return { reason: 'strip and prepend take a path, e.g. strip=/orders' };
  if (host === BAD) return { reason: 'host takes a name, or "dst" for the address of the instance' };
  const path: PathChange = {
    kind: 'text',
    value: prepend ?? '',
    ...(strip === undefined ? {} : { strip: [strip] }),
  };
  return {
    ...(strip === undefined && prepend === undefined ? {} : { path }),
    ...(host === undefined ? {} : { host }),
  };
};

/** Fabio tells the instance what it has taken off. */
export const prefixHeader = (options: Options): Filter[] => {
  const strip = options.get('strip');
  if (strip === undefined) return [];
  return [{ type: 'request-headers', change: { set: [['X-Forwarded-Prefix', strip]], add: [], remove: [] } }];
};

const BAD = Symbol('bad');

const readTextOption = (options: Options, name: string): string | undefined | typeof BAD => {
  const text = options.get(name);
  return text === undefined ? undefined : (readText(text) ?? BAD);
};

const readHost = (options: Options, { address, port }: TagSource): string | undefined | typeof BAD => {
  const host = options.get('host');
  if (host === undefined) return undefined;
  if (host === 'dst') return formatHostPort({ host: address, port });
  return isHostToSend(host) ? host.toLowerCase() : BAD;
};
