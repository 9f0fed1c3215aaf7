import { randomBytes } from 'node:crypto';
import type { Log } from '../../telemetry/log.ts';
import type { Timers } from '../../telemetry/timers.ts';
import { type Certificate, readCertificate } from './certificate.ts';
import type { Certificates } from './door.ts';
import { followFiles, readFile } from './follow-files.ts';

/** In which a certificate and its key are; they may be the same. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

export interface CertificatesFollowed {
  current(): Certificates;
  stop(): void;
}

/** @throws CertificateFault */
export const readCertificateFiles = (files: readonly CertificateFiles[]): readonly Certificate[] =>
  files.map(({ cert, key }) =>
    readCertificate({
      source: key === cert ? cert : `${cert} with ${key}`,
      cert: readFile(cert),
      key: readFile(key),
    }),
  );

/**
 * Follows the files of certificates for clients. What can't be served changes nothing.
 *
 * @param options.first as read at the start
 * @param options.onChange called with all that are to be served from now on
 */
export const followCertificates = (options: {
  readonly files: readonly CertificateFiles[];
  readonly first: readonly Certificate[];
  readonly onChange: (certificates: Certificates) => void;
  readonly log: Log;
  readonly timers: Timers;
}): CertificatesFollowed => {
  const { files, first, onChange, log, timers } = options;
  const ticketKeys = new Uint8Array(randomBytes(48));
  let current: Certificates = { all: first, ticketKeys };
  const stop = followFiles({
    files: files.flatMap(({ cert, key }) => [cert, key]),
    read: () => readCertificateFiles(files),
    onChange: all => {
      current = { all, ticketKeys };
      onChange(current);
    },
    words: {
      renewed: 'new certificates are in force',
      refused: 'the certificates are not replaced: those before stay in force',
    },
    describe: all => ({ certificates: all.map(describe) }),
    log,
    timers,
  });
  return { current: () => current, stop };
};

/** What is told of one. */
export const describe = ({ source, names, notAfter }: Certificate): object => ({
  source,
  names,
  until: new Date(notAfter).toISOString(),
});
