import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

/**
 * A certificate that signs itself, in `FOLDER/NAME.pem` and `FOLDER/NAME-key.pem`.
 *
 * @param names what it is for, e.g. `shop.example.com`
 */
export const makeCertificate = (folder: string, name: string, names: readonly string[]): TestCertificate => {
  const cert = join(folder, `${name}.pem`);
  const key = join(folder, `${name}-key.pem`);
  const alternatives = names.map(each => `DNS:${each}`).join(',');
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...['-subj', `/CN=${name}`, '-addext', `subjectAltName=${alternatives}`],
      ...['-keyout', key, '-out', cert],
    ],
    { stdio: 'ignore' },
  );
  return { cert, key };
};
