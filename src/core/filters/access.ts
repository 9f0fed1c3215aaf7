import { isIP } from 'node:net';
import { AddressSet, isAddressBlock } from '../address-set.ts';
import type { Filter } from '../model/filter.ts';

/** Whether a request may pass. @param forwardedFor as the client sent it */
export type MayPass = (clientAddress: string, forwardedFor: string | undefined) => boolean;

export const compileAccess = ({
  allow,
  deny,
  forwarded = false,
}: Extract<Filter, { readonly type: 'access' }>): MayPass => {
  // Whoever reads rules refuses what is no address; here nobody passes by a mistake of his.
  if (![...(allow ?? []), ...(deny ?? [])].every(isAddressBlock)) return () => false;
  const allowed = allow && new AddressSet(allow);
  const denied = deny && new AddressSet(deny);
  const mayPass = (address: string): boolean =>
    allowed?.has(address) !== false && denied?.has(address) !== true;
  return (clientAddress, forwardedFor = '') =>
    mayPass(clientAddress) && (!forwarded || addressesIn(forwardedFor).every(mayPass));
};

const addressesIn = (list: string): string[] =>
  list
    .split(',')
    .map(each => each.trim())
    .filter(each => isIP(each) !== 0);
