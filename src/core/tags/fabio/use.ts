import type { Filter, PathChange } from '../../model/filter.ts';
import type { Protocol } from '../../model/speech.ts';
import { formatHostPort } from '../../values.ts';
import type { InstanceUse, TagSource } from '../dialect.ts';
import { isHostName, isHostToSend, readText } from '../spelling.ts';
import type { Options } from './options.ts';
import type { Reason } from './route.ts';

/** How the instance is called: `strip`, `prepend`, `host`, `proto` and `grpcservername`. */
export const readUse = (options: Options, source: TagSource): InstanceUse | Reason => {
  const strip = readTextOption(options, 'strip');
  const prepend = readTextOption(options, 'prepend');
  const host = readHost(options, source);
  if (strip === BAD || prepend === BAD)
    return { reason: 'strip and prepend take a path, e.g. strip=/orders' };
  if (host === BAD) return { reason: 'host takes a name, or "dst" for the address of the instance' };
  const protocol = PROTOCOLS.get(options.get('proto') ?? 'http');
  if (protocol === undefined) return { reason: `instances cannot be spoken to in ${options.get('proto')}` };
  const serverName = options.get('grpcservername')?.toLowerCase();
  if (serverName !== undefined && !isHostName(serverName)) return { reason: 'grpcservername takes a name' };
  const path: PathChange = {
    kind: 'text',
    value: prepend ?? '',
    ...(strip === undefined ? {} : { strip: [strip] }),
  };
  return {
    ...(strip === undefined && prepend === undefined ? {} : { path }),
    ...(host === undefined ? {} : { host }),
    ...(protocol === 'http' ? {} : { protocol }),
    ...(serverName === undefined ? {} : { serverName }),
  };
};

/** Fabio tells the instance what it has taken off. */
export const prefixHeader = (options: Options): Filter[] => {
  const strip = options.get('strip');
  if (strip === undefined) return [];
  return [{ type: 'request-headers', change: { set: [['X-Forwarded-Prefix', strip]], add: [], remove: [] } }];
};

const PROTOCOLS: ReadonlyMap<string, Protocol> = new Map([
  ['http', 'http'],
  ['ws', 'http'],
  ['https', 'https'],
  ['wss', 'https'],
  ['grpc', 'h2c'],
  ['grpcs', 'h2'],
]);

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
