import type { ReadProxyHeader } from './peer.ts';
import { readV1, V1_SIGNATURE } from './v1.ts';
import { readV2, V2_SIGNATURE } from './v2.ts';

/**
 * Reads what a proxy sends ahead of a connection (the PROXY protocol, versions 1 and 2: haproxy.org, proxy-protocol.txt).
 *
 * @param bytes all that came so far
 */
export const readProxyHeader = (bytes: Buffer): ReadProxyHeader => {
  if (begins(bytes, V2_SIGNATURE)) return bytes.length < V2_SIGNATURE.length ? 'incomplete' : readV2(bytes);
  if (begins(bytes, V1_SIGNATURE)) return bytes.length < V1_SIGNATURE.length ? 'incomplete' : readV1(bytes);
  return 'malformed';
};

/** As far as the bytes go. */
const begins = (bytes: Buffer, signature: Buffer): boolean => {
  const length = Math.min(bytes.length, signature.length);
  return bytes.compare(signature, 0, length, 0, length) === 0;
};
