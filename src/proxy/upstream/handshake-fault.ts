import { isOverTls, type Speech } from '../../core/model/speech.ts';

/** An instance and this gateway do not understand each other: what is wrong, and what to do about it. */
export class HandshakeFault extends Error {
  override readonly name = 'HandshakeFault';
}

/** @returns undefined where the cause is not of that kind: nobody listens, or the connection broke */
export const handshakeFaultOf = (cause: Error, speech: Speech | undefined): HandshakeFault | undefined => {
  if (!isOverTls(speech)) return undefined;
  const { code = '' } = cause as NodeJS.ErrnoException;
  const found = WORDS.find(([pattern]) => pattern.test(code) || pattern.test(cause.message));
  return found && new HandshakeFault(found[1](cause, speech?.serverName ?? ''), { cause });
};

type Words = (cause: Error, serverName: string) => string;

/** By the codes of OpenSSL and Node, or by what they say where they have none. */
const WORDS: readonly (readonly [RegExp, Words])[] = [
  [
    /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT.*)|CERT_(SIGNATURE_FAILURE|UNTRUSTED))$/,
    () =>
      'nobody who is trusted has signed its certificate: give the certificate of the authority that did with --upstream-ca FILE',
  ],
  [/^CERT_HAS_EXPIRED$/, () => 'its certificate is over: it needs a new one'],
  [
    /^CERT_NOT_YET_VALID$/,
    () =>
      'its certificate is not valid yet: is the clock of this machine right, and of the one that signed it?',
  ],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    (cause, serverName) =>
      `its certificate is not for ${serverName} (${namesIn(cause)}): say which name it is for with the tag tls-server-name=NAME`,
  ],
  [
    /ALERT_NO_APPLICATION_PROTOCOL|no application protocol/i,
    () =>
      'it does not speak the protocol that its tag names (ALPN): proto=https is HTTP/1.1, proto=h2 is HTTP/2',
  ],
  [
    /CERTIFICATE_REQUIRED|ALERT_(BAD|UNKNOWN|UNSUPPORTED)_CERT|ALERT_UNKNOWN_CA|ALERT_CERTIFICATE_|ALERT_ACCESS_DENIED|ALERT_HANDSHAKE_FAILURE/,
    () =>
      'it refuses the handshake: it may want a client certificate that it knows (--upstream-cert FILE --upstream-key FILE)',
  ],
  [
    /WRONG_VERSION_NUMBER|UNSUPPORTED_PROTOCOL|ALERT_PROTOCOL_VERSION|before secure TLS connection/,
    () => 'it does not speak TLS, or none as new as 1.2: is proto=http or proto=h2c meant?',
  ],
  [/^(ERR_SSL_|EPROTO$)/, cause => `the TLS handshake failed: ${cause.message}`],
];

const namesIn = (cause: Error): string =>
  /altnames: (.*)$/.exec(cause.message)?.[1] ?? /CN: (.*)$/.exec(cause.message)?.[1] ?? cause.message;
