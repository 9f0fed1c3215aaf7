/** What proxies send ahead of a connection, as bytes. */

export const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

/** @param command LOCAL is 0, PROXY is 1 @param family and transport: 0x11 is TCP over IPv4 */
export const v2 = (
  command: number,
  family: number,
  block: Buffer,
  { version = 2, length = block.length } = {},
): Buffer =>
  Buffer.concat([
    SIGNATURE,
    Buffer.from([(version << 4) | command, family, length >> 8, length & 0xff]),
    block,
  ]);

/** 192.0.2.1:56324 -> 198.51.100.1:8443. */
export const IPV4 = Buffer.from('c0000201' + 'c6336401' + 'dc04' + '20fb', 'hex');

/** 2001:db8::1:56324 -> 2001:db8::2:8443. */
export const IPV6 = Buffer.from(`20010db8${'0'.repeat(20)}000120010db8${'0'.repeat(20)}0002dc0420fb`, 'hex');

/** A TLV: its type, its length, its value. */
export const tlv = (type: number, value: Buffer): Buffer =>
  Buffer.concat([Buffer.from([type, value.length >> 8, value.length & 0xff]), value]);

export const V1 = 'PROXY TCP4 192.0.2.1 198.51.100.1 56324 8443\r\n';
