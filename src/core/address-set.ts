import { BlockList, isIP } from 'node:net';

/** Addresses and CIDR blocks, of both families. Those of IPv4 hold for their mapped form (`::ffff:10.0.0.7`), too. */
export class AddressSet {
  readonly #blocks = new BlockList();
  /** Network and mask, in turn: Node's list takes a microsecond for each look. */
  readonly #ipv4: number[] = [];
  /** Of IPv4 addresses in their mapped form. */
  #hasMapped = false;

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
      const length = bits === undefined ? most : Number(bits);
      this.#blocks.addSubnet(address, length, family);
      if (family === 'ipv6') this.#hasMapped ||= mayHoldMapped(address);
      else this.#ipv4.push(numberOf(address) & maskOf(length), maskOf(length));
    }
  }

  /** @param address an IP literal; anything else is in no set */
  has(address: string): boolean {
    const family = familyOf(address);
    if (family === undefined) return false;
    if (family === 'ipv6' || this.#hasMapped) return this.#blocks.check(address, family);
    const asked = numberOf(address);
    for (let i = 0; i < this.#ipv4.length; i += 2) {
      if ((asked & (this.#ipv4[i + 1] as number)) === this.#ipv4[i]) return true;
    }
    return false;
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

/** Mapped addresses are those of `::ffff:0:0/96`. */
const mayHoldMapped = (address: string): boolean => /^0{0,4}:/.test(address) && address !== '::1';

/** Of an IPv4 address, in 32 bits, signed as `&` has them. */
const numberOf = (address: string): number => {
  let whole = 0;
  let byte = 0;
  for (let i = 0; i < address.length; i += 1) {
    const code = address.charCodeAt(i);
    if (code === 0x2e) {
      whole = (whole << 8) | byte;
      byte = 0;
    } else byte = byte * 10 + code - 0x30;
  }
  return (whole << 8) | byte;
};

/** A shift by 32 would be one by 0. */
const maskOf = (length: number): number => (length === 0 ? 0 : -1 << (32 - length));
