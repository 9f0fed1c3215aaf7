import { createSecureContext, type SecureContext } from 'node:tls';
import type { CertificateText } from '../tls/certificate.ts';

/** What a gateway goes by when it speaks TLS to instances. Plain data: worker processes get it as a message. */
export interface UpstreamCredentials {
  /** PEM: the authorities that certificates of instances are signed by, in place of the public ones. */
  readonly authorities?: readonly string[];
  /** Shown to instances that ask for one. */
  readonly certificate?: Pick<CertificateText, 'cert' | 'key'>;
  /** Whether certificates are judged at all. */
  readonly verifies: boolean;
}

/** Holds what connections that are made from now on go by. */
export class UpstreamTls {
  #credentials: UpstreamCredentials;
  #context: SecureContext | undefined;

  constructor(credentials: UpstreamCredentials = { verifies: true }) {
    this.#credentials = credentials;
  }

  get verifies(): boolean {
    return this.#credentials.verifies;
  }

  /** Made when first needed: it reads every authority. Another one after each `replace`. */
  get context(): SecureContext {
    const { authorities, certificate } = this.#credentials;
    this.#context ??= createSecureContext({
      ...(authorities === undefined ? {} : { ca: [...authorities] }),
      ...certificate,
    });
    return this.#context;
  }

  /** Connections that are there stay as they are. */
  replace(credentials: UpstreamCredentials): void {
    this.#credentials = credentials;
    this.#context = undefined;
  }
}
