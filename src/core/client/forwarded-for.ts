import { addressOfNode } from './node.ts';

/** More proxies in a row than anybody has: of a longer list no more is looked at. */
export const MOST_PROXIES = 32;

/**
 * The client's address by `X-Forwarded-For`, to which each proxy adds its own peer at the right: the right-most one that is
 * no trusted proxy's. Whatever stands left of it the client may have written himself.
 *
 * @param list as a trusted proxy sent it
 * @returns of a list of trusted proxies alone, the left-most; where something is no address, what stands right of it, since
 *   nobody who is believed says more; undefined where nothing does
 */
export const clientIn = (list: string, isTrusted: (address: string) => boolean): string | undefined => {
  let client: string | undefined;
  let end = list.length;
  for (let proxies = 0; proxies < MOST_PROXIES && end > 0; proxies += 1) {
    const comma = list.lastIndexOf(',', end - 1);
    const address = addressOfNode(list.slice(comma + 1, end).trim());
    if (address === undefined) break;
    client = address;
    if (!isTrusted(address)) break;
    end = comma;
  }
  return client;
};
