import { isIP } from 'node:net';
import { readAddress } from '../../core/client/node.ts';
import type { ReadProxyHeader } from './peer.ts';

export const V1_SIGNATURE = Buffer.from('PROXY ', 'latin1');

/** The longest line with its CRLF (section 2.1). */
const LONGEST = 107;

const PORT = '(0|[1-9]\\d{0,4})';

/** Single blanks, numbers without zeros in front. */
const LINE = new RegExp(
  `^PROXY (?:(UNKNOWN)(?: .*)?|TCP([46]) ([0-9A-Fa-f:.]+) ([0-9A-Fa-f:.]+) ${PORT} ${PORT})$`,
  's',
);

/** One line of text: `PROXY TCP4 192.0.2.1 198.51.100.1 56324 443`. @param bytes that begin with the signature */
export const readV1 = (bytes: Buffer): ReadProxyHeader => {
  const text = bytes.toString('latin1', 0, LONGEST);
  const end = text.indexOf('\r\n');
  if (end < 0) return bytes.length < LONGEST ? 'incomplete' : 'malformed';
  const found = LINE.exec(text.slice(0, end));
  if (found === null) return 'malformed';
  const [, unknown, version, source = '', destination = '', sourcePort, port] = found;
  if (unknown !== undefined) return { bytes: end + 2, peer: undefined };
  const family = Number(version);
  const address = readAddress(source);
  const isSound = isIP(source) === family && isIP(destination) === family;
  if (!isSound || address === undefined || Number(sourcePort) > 65_535 || Number(port) > 65_535)
    return 'malformed';
  return { bytes: end + 2, peer: { address, port: Number(port) } };
};
