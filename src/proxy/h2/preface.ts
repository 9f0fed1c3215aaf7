/** What a client says first that knows the server to speak HTTP/2 (RFC 9113, 3.4). */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** Whether the first bytes of a connection are those; `perhaps` where they are too few to tell. */
export const isPreface = (bytes: Buffer): 'yes' | 'perhaps' | 'no' => {
  // A look at one byte for nearly all that comes.
  if (bytes[0] !== PREFACE[0]) return 'no';
  const length = Math.min(bytes.length, PREFACE.length);
  if (PREFACE.compare(bytes, 0, length, 0, length) !== 0) return 'no';
  return length === PREFACE.length ? 'yes' : 'perhaps';
};
