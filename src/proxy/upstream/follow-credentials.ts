import { ConfigError } from '../../core/settings/settings.ts';
import type { UpstreamTlsSettings } from '../../core/settings/upstream-tls-settings.ts';
import type { Log } from '../../telemetry/log.ts';
import { systemTimers } from '../../telemetry/timers.ts';
import { CertificateFault } from '../tls/certificate.ts';
import { followFiles } from '../tls/follow-files.ts';
import { type CredentialFiles, readCredentials } from './credentials.ts';
import type { UpstreamCredentials } from './tls.ts';

/** What a hop goes by when it speaks TLS to instances. */
export interface UpstreamTlsPlan {
  readonly files: CredentialFiles;
  readonly first: UpstreamCredentials;
}

/** @throws ConfigError */
export const planUpstreamTls = (settings: UpstreamTlsSettings): UpstreamTlsPlan => {
  const { upstreamCa, upstreamCert, upstreamKey = upstreamCert, upstreamTlsVerify } = settings;
  if (upstreamCert === undefined && upstreamKey !== undefined)
    throw new ConfigError(['--upstream-key: of which certificate? Say --upstream-cert, too']);
  const files: CredentialFiles = {
    authorities: upstreamCa,
    certificate:
      upstreamCert === undefined ? undefined : { cert: upstreamCert, key: upstreamKey ?? upstreamCert },
    verifies: upstreamTlsVerify,
  };
  try {
    return { files, first: readCredentials(files) };
  } catch (error) {
    throw error instanceof CertificateFault
      ? new ConfigError([`TLS towards instances: ${error.message}`])
      : error;
  }
};

/**
 * @param trust called with what is in force, at once and with each change
 * @returns how to end it
 */
export const openUpstreamTls = (
  { files, first }: UpstreamTlsPlan,
  trust: (credentials: UpstreamCredentials) => void,
  log: Log,
): (() => void) => {
  if (!files.verifies)
    log.warn('--upstream-tls-verify off: certificates of instances are not judged, whoever they are from');
  trust(first);
  const { authorities, certificate } = files;
  const paths = [...authorities, ...(certificate === undefined ? [] : [certificate.cert, certificate.key])];
  if (paths.length === 0) return () => {};
  return followFiles({
    files: paths,
    read: () => readCredentials(files),
    onChange: trust,
    words: {
      renewed: 'new certificates towards instances are in force',
      refused: 'the certificates towards instances are not replaced: those before stay in force',
    },
    describe: () => ({ files: paths }),
    log,
    timers: systemTimers,
  });
};
