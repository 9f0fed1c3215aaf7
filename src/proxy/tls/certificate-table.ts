import { createSecureContext, type SecureContext, type SecureVersion } from 'node:tls';
import type { Certificate } from './certificate.ts';

/** Which certificate a client gets by the name that it asks for (SNI; RFC 6066, 3). */
export class CertificateTable {
  readonly #byName = new Map<string, SecureContext>();

  /** @param certificates of several for one name the first counts */
  constructor(certificates: readonly Certificate[], minVersion: SecureVersion) {
    for (const { names, cert, key } of certificates) {
      const context = createSecureContext({ cert, key, minVersion });
      for (const name of names) if (!this.#byName.has(name)) this.#byName.set(name, context);
    }
  }

  /** @returns undefined where the first of all certificates is to be shown: a client may know better than we do */
  contextFor(serverName: string): SecureContext | undefined {
    const name = serverName.toLowerCase();
    const exact = this.#byName.get(name);
    if (exact !== undefined) return exact;
    const dot = name.indexOf('.');
    return dot < 1 ? undefined : this.#byName.get(`*${name.slice(dot)}`);
  }
}
