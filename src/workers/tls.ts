import type { Config } from '../config.ts';
import { ConfigError } from '../core/settings/settings.ts';
import { formatHostPort, type HostPort } from '../core/values.ts';
import { type Certificate, CertificateFault } from '../proxy/tls/certificate.ts';
import {
  type CertificateFiles,
  describe,
  followCertificates,
  readCertificateFiles,
} from '../proxy/tls/certificate-files.ts';
import type { Log } from '../telemetry/log.ts';
import { systemTimers } from '../telemetry/timers.ts';
import type { Traffic } from './traffic.ts';

/** What a gateway is to show to clients that come over TLS. */
export interface TlsPlan {
  readonly at: HostPort;
  readonly files: readonly CertificateFiles[];
  readonly first: readonly Certificate[];
}

/** The way in over TLS. */
export interface TlsEntrance {
  /** @returns `host:port` as bound. @throws ListenError */
  listen(): Promise<string>;
  /** The files are no longer followed. */
  stop(): void;
}

/** @returns undefined where nobody is to come in over TLS. @throws ConfigError */
export const planTls = ({ tlsListen, tlsCert, tlsKey }: Config): TlsPlan | undefined => {
  if (tlsListen === undefined) {
    if (tlsCert.length === 0) return undefined;
    throw new ConfigError(['--tls-cert: for which port? Say --tls-listen, too, e.g. --tls-listen :8443']);
  }
  if (tlsCert.length === 0)
    throw new ConfigError(['--tls-listen: needs a certificate: --tls-cert FILE [--tls-key FILE]']);
  if (tlsKey.length > 0 && tlsKey.length !== tlsCert.length) {
    throw new ConfigError([`--tls-key: expected one file for each of the ${tlsCert.length} of --tls-cert`]);
  }
  const files = tlsCert.map((cert, at) => ({ cert, key: tlsKey[at] ?? cert }));
  try {
    return { at: tlsListen, files, first: readCertificateFiles(files) };
  } catch (error) {
    throw error instanceof CertificateFault ? new ConfigError([`--tls-cert: ${error.message}`]) : error;
  }
};

export const openTls = ({ at, files, first }: TlsPlan, traffic: Traffic, log: Log): TlsEntrance => {
  const followed = followCertificates({ files, first, onChange: traffic.certify, log, timers: systemTimers });
  traffic.certify(followed.current());
  log.info({ certificates: first.map(describe) }, 'certificates for clients');
  return {
    listen: async () => formatHostPort(await traffic.listen(at, 'https')),
    stop: followed.stop,
  };
};
