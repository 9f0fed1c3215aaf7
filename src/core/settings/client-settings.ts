import { isAddressBlock } from '../address-set.ts';
import { type SettingValues, setting } from './settings.ts';
import type { TlsSettings } from './tls-settings.ts';

const readBlocks = (value: string): readonly string[] | undefined => {
  const blocks = value.split(',').map(each => each.trim());
  return blocks.every(isAddressBlock) ? blocks : undefined;
};

const readPort = (value: string): number | undefined =>
  /^[1-9]\d{0,4}$/.test(value) && Number(value) <= 65_535 ? Number(value) : undefined;

const REDIRECT_STATUSES = [301, 302, 307, 308] as const;

/** What stands between clients and the gateway, and what is asked of them. */
export const CLIENT_SETTINGS = {
  trustedProxies: setting<readonly string[]>({
    flag: '--trusted-proxies <addresses>',
    env: ['SLUICE_TRUSTED_PROXIES'],
    fallback: [],
    fallbackText: 'nobody',
    read: readBlocks,
    expected: 'addresses or CIDR blocks joined by commas, e.g. 10.0.0.0/8,192.0.2.7',
    help: 'whose word holds for who the client is and how it asked: X-Forwarded-*, Forwarded, the PROXY protocol',
  }),
  proxyProtocol: setting<'off' | 'require'>({
    flag: '--proxy-protocol <off|require>',
    env: ['SLUICE_PROXY_PROTOCOL'],
    fallback: 'off',
    read: value => (value === 'off' || value === 'require' ? value : undefined),
    expected: 'off or require',
    help: 'whether each connection begins with a header of the PROXY protocol (v1 or v2); others are closed',
  }),
  httpsRedirect: setting<'off' | 'on' | number>({
    flag: '--https-redirect <off|on|port>',
    env: ['SLUICE_HTTPS_REDIRECT'],
    fallback: 'off',
    read: value => (value === 'off' || value === 'on' ? value : readPort(value)),
    expected: 'off, on, or the port that clients use for https, e.g. 443',
    help: 'sends what came without TLS to https; on: to the port of --tls-listen, 443 without one',
  }),
  httpsRedirectStatus: setting<301 | 302 | 307 | 308>({
    env: ['SLUICE_HTTPS_REDIRECT_STATUS'],
    fallback: 308,
    read: value => REDIRECT_STATUSES.find(status => `${status}` === value),
    expected: REDIRECT_STATUSES.join(', '),
    help: 'the status of that redirect; 308 and 307 keep the method',
  }),
  readyPath: setting({
    flag: '--ready-path <path>',
    env: ['SLUICE_READY_PATH'],
    fallback: '/.sluice/ready',
    read: value =>
      /^\/[\w.~/-]*$/.test(value) && !/\/\.{0,2}(\/|$)/.test(value.slice(1)) ? value : undefined,
    expected: 'a path, e.g. /.sluice/ready',
    help: 'what load balancers ask on the traffic ports: 200 while the gateway serves, 503 while it drains',
  }),
  upstreamHost: setting<'preserve' | 'instance'>({
    flag: '--upstream-host <preserve|instance>',
    env: ['SLUICE_UPSTREAM_HOST'],
    fallback: 'preserve',
    read: value => (value === 'preserve' || value === 'instance' ? value : undefined),
    expected: 'preserve or instance',
    help: "the Host that services see where no rule says otherwise: the client's, or address:port of the instance",
  }),
};

export type ClientSettings = SettingValues<typeof CLIENT_SETTINGS>;

/** What does not go together, a line each. */
export const clientProblems = (settings: ClientSettings & Pick<TlsSettings, 'tlsListen'>): string[] => {
  const { trustedProxies, proxyProtocol, httpsRedirect, tlsListen } = settings;
  const problems: string[] = [];
  if (proxyProtocol === 'require' && trustedProxies.length === 0) {
    problems.push(
      '--proxy-protocol: require takes connections of trusted proxies only: say which, e.g. --trusted-proxies 10.0.0.0/8',
    );
  }
  if (httpsRedirect === 'on' && tlsListen?.port === 0) {
    problems.push('--https-redirect: --tls-listen picks any port: say the one that clients use, e.g. 443');
  }
  return problems;
};

/** @returns undefined where nothing is sent to https */
export const httpsRedirectOf = ({
  httpsRedirect,
  httpsRedirectStatus: status,
  tlsListen,
}: ClientSettings & Pick<TlsSettings, 'tlsListen'>):
  | { status: 301 | 302 | 307 | 308; port: number }
  | undefined => {
  if (httpsRedirect === 'off') return undefined;
  return { status, port: httpsRedirect === 'on' ? (tlsListen?.port ?? 443) : httpsRedirect };
};
