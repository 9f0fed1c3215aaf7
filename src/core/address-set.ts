import { BlockList, isIP } from 'node:net';

/** Addresses and CIDR blocks, of both families. */
export class AddressSet {
  readonly #blocks = new BlockList();

  /** @throws RangeError where one is neither an address nor a block */
  constructor(addresses: readonly string[]) {
    for (const text of addresses) {
      const [address = '', bits, more] = text.split('/');
      const family = familyOf(address);
      const most = family === 'ipv4' ? 32 : 128;
      const isBlock = bits !== undefined && /^\d{1,3}$/.test(bits) && Number(bits) <= most;
      if (family === undefined || more !== undefined || (bits !== undefined && !isBlock)) {
        throw new RangeError(`"${text}" is no address and no CIDR block, e.g. 10.0.0.0/8 or 2001:db8::/32`);
      }
      this.#blocks.addSubnet(address, bits === undefined ? most : Number(bits), family);
    }
  }

  /** @param address an IP literal; anything else is in no set */
  has(address: string): boolean {
    const family = familyOf(address);
    return family !== undefined && this.#blocks.check(address, family);
  }
}

/** Whether a text is an address or a CIDR block: `10.0.0.7`, `10.0.0.0/8`, `2001:db8::/32`. */
export const isAddressBlock = (text: string): boolean => {
  try {
    new AddressSet([text]);
    return true;
  } catch {
    return false;
  }
};

const familyOf = (address: string): 'ipv4' | 'ipv6' | undefined => {
  const version = isIP(address);
  return version === 4 ? 'ipv4' : version === 6 ? 'ipv6' : undefined;
};
