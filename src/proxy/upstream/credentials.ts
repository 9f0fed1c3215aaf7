import { X509Certificate } from 'node:crypto';
import { CertificateFault } from '../tls/certificate.ts';
import { type CertificateFiles, readCertificateFiles } from '../tls/certificate-files.ts';
import { readFile } from '../tls/follow-files.ts';
import type { UpstreamCredentials } from './tls.ts';

/** Where what a gateway goes by towards instances is kept. */
export interface CredentialFiles {
  /** Of authorities, each file with one or several. Empty: the public ones are trusted. */
  readonly authorities: readonly string[];
  readonly certificate: CertificateFiles | undefined;
  readonly verifies: boolean;
}

/** @throws CertificateFault */
export const readCredentials = ({
  authorities,
  certificate,
  verifies,
}: CredentialFiles): UpstreamCredentials => {
  const [own] = certificate === undefined ? [] : readCertificateFiles([certificate]);
  return {
    verifies,
    ...(authorities.length === 0 ? {} : { authorities: authorities.flatMap(readAuthorities) }),
    ...(own === undefined ? {} : { certificate: { cert: own.cert, key: own.key } }),
  };
};

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

const readAuthorities = (file: string): string[] => {
  const found = readFile(file).match(PEM) ?? [];
  if (found.length === 0)
    throw new CertificateFault(`${file}: no certificate (expected PEM with "BEGIN CERTIFICATE")`);
  for (const pem of found) {
    try {
      new X509Certificate(pem);
    } catch {
      throw new CertificateFault(`${file}: one of its certificates can't be read`);
    }
  }
  return found;
};
