import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
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

export interface TestAuthority extends TestCertificate {
  /**
   * A certificate that it has signed.
   *
   * @param alternatives as OpenSSL has them, e.g. `DNS:a.test,IP:127.0.0.1`
   * @param days until it is over; less than 0 for one that is
   */
  sign(name: string, alternatives: string, days?: number): TestCertificate;
}

/** An authority of its own, in the same kind of files. */
export const makeAuthority = (folder: string, name: string): TestAuthority => {
  const authority = makeCertificate(folder, name, [`${name}.test`]);
  return {
    ...authority,
    sign: (leaf, alternatives, days = 2) => {
      const files = { cert: join(folder, `${leaf}.pem`), key: join(folder, `${leaf}-key.pem`) };
      const request = join(folder, `${leaf}.csr`);
      const extensions = join(folder, `${leaf}.ext`);
      writeFileSync(extensions, `subjectAltName=${alternatives}\n`);
      const run = (...args: string[]): void => {
        execFileSync('openssl', args, { stdio: 'ignore' });
      };
      const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', files.key];
      run('req', ...key, '-subj', `/CN=${leaf}`, '-out', request);
      const by = ['-CA', authority.cert, '-CAkey', authority.key, '-CAcreateserial'];
      run(
        'x509',
        '-req',
        '-in',
        request,
        ...by,
        '-days',
        `${days}`,
        '-extfile',
        extensions,
        '-out',
        files.cert,
      );
      return files;
    },
  };
};
