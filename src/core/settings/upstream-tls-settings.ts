import { type SettingValues, setting } from './settings.ts';
import { readFiles } from './tls-settings.ts';

/** How instances are spoken to over TLS (`proto=https`, `proto=h2`). */
export const UPSTREAM_TLS_SETTINGS = {
  upstreamCa: setting<readonly string[]>({
    flag: '--upstream-ca <files>',
    env: ['SLUICE_UPSTREAM_CA'],
    fallback: [],
    fallbackText: 'the public authorities',
    read: readFiles,
    expected: 'PEM files joined by commas, e.g. /etc/sluice/ca.pem',
    help: 'authorities that certificates of instances are to be signed by, in place of the public ones; followed live',
  }),
  upstreamCert: setting<string | undefined>({
    flag: '--upstream-cert <file>',
    env: ['SLUICE_UPSTREAM_CERT'],
    fallback: undefined,
    fallbackText: 'none',
    read: value => value,
    expected: 'a PEM file, e.g. /etc/sluice/client.pem',
    help: 'the certificate shown to instances that ask for one, with its chain; followed live',
  }),
  upstreamKey: setting<string | undefined>({
    flag: '--upstream-key <file>',
    env: ['SLUICE_UPSTREAM_KEY'],
    fallback: undefined,
    fallbackText: 'in the file of --upstream-cert',
    read: value => value,
    expected: 'a PEM file',
    help: 'its key',
  }),
  upstreamTlsVerify: setting<boolean>({
    flag: '--upstream-tls-verify <on|off>',
    env: ['SLUICE_UPSTREAM_TLS_VERIFY'],
    fallback: true,
    fallbackText: 'on',
    read: value => ({ on: true, off: false })[value.toLowerCase()],
    expected: 'on or off',
    help: 'whether certificates of instances are judged; off lets anybody on the way read and change all of it',
  }),
};

export type UpstreamTlsSettings = SettingValues<typeof UPSTREAM_TLS_SETTINGS>;
