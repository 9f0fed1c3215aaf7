/** Slots of a Redis Cluster (Redis Cluster Specification, "Key distribution model" and "Hash tags"). */
const SLOTS = 16_384;

/** What stands between the first brace and the next closing one: keys that share it share a slot. */
export const hashTag = (key: string): string | undefined => /^[^{]*\{([^}]+)\}/.exec(key)?.[1];

/** The slot of a key or, where it has one, of its hash tag. */
export const slotOf = (key: string): number => crc16(Buffer.from(hashTag(key) ?? key)) % SLOTS;

/** CRC-16/XMODEM. */
const crc16 = (bytes: Uint8Array): number => {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : crc << 1;
  }
  return crc;
};
