import type { Instance } from '../model/instance.ts';
import type { Target } from '../model/rule.ts';
import { isOverTls, type Protocol, type Speech } from '../model/speech.ts';

export interface SpeechAsked {
  readonly protocol?: Protocol | undefined;
  /** What its certificate names, where a tag says so. */
  readonly serverName?: string | undefined;
  /** The `Host` that it is to see, where that is not the client's. */
  readonly host?: string | undefined;
}

/**
 * How an instance is spoken to. Its certificate has to name what the tag says, else the host that it is asked for, else
 * its address: never what a client wrote.
 */
export const speechOf = (
  { address }: Pick<Instance, 'address'>,
  { protocol = 'http', serverName, host }: SpeechAsked,
): Pick<Target, 'speech'> => {
  if (protocol === 'http') return {};
  const speech: Speech = { protocol };
  if (!isOverTls(speech)) return { speech };
  return { speech: { protocol, serverName: serverName ?? (host && withoutPort(host)) ?? address } };
};

const withoutPort = (host: string): string => host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
