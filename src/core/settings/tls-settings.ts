import { type HostPort, readHostPort, readSwitch } from '../values.ts';
import { type SettingValues, setting } from './settings.ts';

/** Names of files, joined by commas. */
export const readFiles = (value: string): readonly string[] | undefined => {
  const files = value.split(',').map(file => file.trim());
  return files.every(file => file !== '') ? files : undefined;
};

const TLS_VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;

/** How clients reach the gateway: over TLS, and in which version of HTTP. */
export const TLS_SETTINGS = {
  tlsListen: setting<HostPort | undefined>({
    flag: '--tls-listen <host:port>',
    env: ['SLUICE_TLS_LISTEN'],
    fallback: undefined,
    fallbackText: 'no TLS',
    read: readHostPort,
    expected: 'host:port, e.g. 0.0.0.0:8443 (port 0 picks a free one)',
    help: 'where traffic comes in over TLS; needs --tls-cert',
  }),
  tlsCert: setting<readonly string[]>({
    flag: '--tls-cert <files>',
    env: ['SLUICE_TLS_CERT'],
    fallback: [],
    fallbackText: 'none',
    read: readFiles,
    expected: 'PEM files joined by commas, e.g. /etc/sluice/shop.pem,/etc/sluice/api.pem',
    help: 'certificates with their chains, chosen by the name that a client asks for (the first where none fits); followed live',
  }),
  tlsKey: setting<readonly string[]>({
    flag: '--tls-key <files>',
    env: ['SLUICE_TLS_KEY'],
    fallback: [],
    fallbackText: 'in the files of --tls-cert',
    read: readFiles,
    expected: 'PEM files joined by commas, one for each of --tls-cert',
    help: 'their keys, in the same order',
  }),
  tlsMinVersion: setting<(typeof TLS_VERSIONS)[number]>({
    flag: '--tls-min-version <version>',
    env: ['SLUICE_TLS_MIN_VERSION'],
    fallback: 'TLSv1.2',
    read: value => TLS_VERSIONS.find(version => version.toLowerCase() === value.toLowerCase()),
    expected: TLS_VERSIONS.join(' or '),
    help: 'the oldest version of TLS that is spoken with clients',
  }),
  http2: setting<boolean>({
    env: ['SLUICE_HTTP2'],
    fallback: true,
    fallbackText: 'on',
    read: readSwitch,
    expected: 'on or off',
    help: 'whether clients may speak HTTP/2: over TLS by ALPN, in the clear where they begin with it (h2c by prior knowledge)',
  }),
};

export type TlsSettings = SettingValues<typeof TLS_SETTINGS>;
