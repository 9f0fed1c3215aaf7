import { createPrivateKey, X509Certificate } from 'node:crypto';

/** A certificate with its chain, and its key, both PEM. */
export interface CertificateText {
  /** Where it is from, for people. */
  readonly source: string;
  readonly cert: string;
  readonly key: string;
}

/** One that can be served. Plain data: worker processes get it as a message. */
export interface Certificate extends CertificateText {
  /** In lower case; `*.example.com` stands for one label (RFC 6125, 6.4.3). */
  readonly names: readonly string[];
  /** Epoch milliseconds. */
  readonly notAfter: number;
}

/** Why a certificate cannot be served, in one line. */
export class CertificateFault extends Error {
  override readonly name = 'CertificateFault';
}

/**
 * Judges a certificate before anyone is served by it. One that is over is served all the same, as others do: clients
 * judge that, and whoever follows its `notAfter` is told.
 *
 * @throws CertificateFault
 */
export const readCertificate = (text: CertificateText): Certificate => {
  const { source, cert, key } = text;
  const leaf = attempt(
    () => new X509Certificate(cert),
    `${source}: no certificate (expected PEM with "BEGIN CERTIFICATE", the server's own first)`,
  );
  const privateKey = attempt(
    () => createPrivateKey(key),
    `${source}: no key that can be read (expected PEM with "BEGIN PRIVATE KEY", without a passphrase)`,
  );
  if (!leaf.checkPrivateKey(privateKey))
    throw new CertificateFault(`${source}: the key is of another certificate`);
  return { ...text, names: namesOf(leaf), notAfter: Date.parse(leaf.validTo) };
};

/** Neither a PEM nor OpenSSL's words for it are repeated: a key may stand in either. */
const attempt = <T>(read: () => T, complaint: string): T => {
  try {
    return read();
  } catch {
    throw new CertificateFault(complaint);
  }
};

/** Where alternative names are there, the common name does not count (RFC 6125, 6.4.4). */
const namesOf = ({ subjectAltName, subject }: X509Certificate): readonly string[] => {
  const alternatives = (subjectAltName ?? '')
    .split(', ')
    .filter(name => name.startsWith('DNS:'))
    .map(name => name.slice('DNS:'.length).toLowerCase());
  if (alternatives.length > 0) return alternatives;
  const common = /^CN=(.+)$/m.exec(subject ?? '')?.[1];
  return common === undefined ? [] : [common.toLowerCase()];
};
