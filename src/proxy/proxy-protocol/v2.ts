import { readAddress } from '../../core/client/node.ts';
import type { Peer, ReadProxyHeader } from './peer.ts';

export const V2_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

/** Signature, version and command, family and transport, length. */
const FIXED = 16;

/** As HAProxy has it: what certificates and names may take behind the addresses. */
const LONGEST = 16 * 1024;

const VERSION = 2;
const LOCAL = 0;
const PROXY = 1;
const STREAM = 1;

/** Of an address, by family: none, IPv4, IPv6, a path. */
const ADDRESS_BYTES = [0, 4, 16, 108] as const;

/** Of both addresses and ports. */
const BLOCK_BYTES = [0, 12, 36, 216] as const;

/**
 * Bytes (section 2.2). What stands behind the addresses (TLVs) is skipped. As there, who comes over another transport than a
 * stream, or from no IP address, is not known; what is not assigned is malformed.
 *
 * @param bytes that begin with the signature
 */
export const readV2 = (bytes: Buffer): ReadProxyHeader => {
  if (bytes.length < FIXED) return 'incomplete';
  const [version, command] = halvesOf(bytes.readUInt8(12));
  const length = bytes.readUInt16BE(14);
  if (version !== VERSION || command > PROXY || FIXED + length > LONGEST) return 'malformed';
  const [family, transport] = halvesOf(bytes.readUInt8(13));
  const block = BLOCK_BYTES[family];
  const isSound = block !== undefined && transport <= 2 && length >= block;
  if (command === PROXY && !isSound) return 'malformed';
  if (bytes.length < FIXED + length) return 'incomplete';
  const isKnown = command !== LOCAL && transport === STREAM && (family === 1 || family === 2);
  return { bytes: FIXED + length, peer: isKnown ? peerIn(bytes, family) : undefined };
};

const halvesOf = (byte: number): readonly [high: number, low: number] => [byte >> 4, byte & 0xf];

const peerIn = (bytes: Buffer, family: 1 | 2): Peer | undefined => {
  const size = ADDRESS_BYTES[family];
  const source = bytes.subarray(FIXED, FIXED + size);
  const text = family === 1 ? source.join('.') : (source.toString('hex').match(/.{4}/g) ?? []).join(':');
  const address = readAddress(text);
  // Behind both addresses and the port of the source.
  return address === undefined ? undefined : { address, port: bytes.readUInt16BE(FIXED + 2 * size + 2) };
};
