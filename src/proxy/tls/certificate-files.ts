import { randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { Log } from '../../telemetry/log.ts';
import { pause, type Timers } from '../../telemetry/timers.ts';
import { type Certificate, CertificateFault, readCertificate } from './certificate.ts';
import type { Certificates } from './door.ts';

/** Files are looked at so often, in milliseconds: a look costs a few microseconds, and no kind of file escapes it. */
const LOOK_EVERY = 250;

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
      cert: read(cert),
      key: read(key),
    }),
  );

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CertificateFault(
      `${file}: ${code === 'ENOENT' ? 'there is no such file' : `can't be read (${code})`}`,
    );
  }
};

/**
 * Follows the files of certificates: whoever renews them replaces them, one file after the other or the link behind all
 * of them. What can't be served is told of and changes nothing.
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
  const stopped = new AbortController();
  const ticketKeys = new Uint8Array(randomBytes(48));
  let current: Certificates = { all: first, ticketKeys };
  let served = printOf(files);
  let refused = '';

  const look = (before: string): string => {
    const print = printOf(files);
    if (print === served || print === refused) return print;
    try {
      const all = readCertificateFiles(files);
      current = { all, ticketKeys };
      served = print;
      refused = '';
      onChange(current);
      log.info({ certificates: all.map(describe) }, 'new certificates are in force');
    } catch (error) {
      if (!(error instanceof CertificateFault)) throw error;
      // The key may still be on its way.
      if (print !== before) return print;
      refused = print;
      log.error({ problem: error.message }, 'the certificates are not replaced: those before stay in force');
    }
    return print;
  };

  const follow = async (): Promise<void> => {
    let print = served;
    while (!stopped.signal.aborted) {
      await pause(timers, LOOK_EVERY, stopped.signal);
      if (!stopped.signal.aborted) print = look(print);
    }
  };
  void follow();

  return { current: () => current, stop: () => stopped.abort() };
};

/** What is told of one. */
export const describe = ({ source, names, notAfter }: Certificate): object => ({
  source,
  names,
  until: new Date(notAfter).toISOString(),
});

/** Changes whenever one of the files does. */
const printOf = (files: readonly CertificateFiles[]): string =>
  files
    .flatMap(({ cert, key }) => [cert, key])
    .map(file => {
      const stats = statSync(file, { throwIfNoEntry: false, bigint: true });
      return stats === undefined ? '-' : `${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`;
    })
    .join('\n');
